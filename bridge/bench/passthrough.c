/* The yardstick of `tsumami bench live`: the least that a JACK client can do.
 *
 * Two inputs copied to two outputs, and the same count that the engine's strip keeps: block periods that
 * passed without a callback beginning. Prints one line when standard input closes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <jack/jack.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static jack_port_t *inputs[2], *outputs[2];
static double period_ns;
static volatile long long blocks, lost, xruns, began_ns;

static int process(jack_nframes_t frames, void *unused) {
    struct timespec now;
    long long now_ns, gap;
    int i;
    (void)unused;
    clock_gettime(CLOCK_MONOTONIC, &now);
    now_ns = now.tv_sec * 1000000000LL + now.tv_nsec;
    gap = now_ns - began_ns;
    if (began_ns > 0 && gap > 1.5 * period_ns)
        lost += (long long)(gap / period_ns + 0.5) - 1;
    began_ns = now_ns;
    for (i = 0; i < 2; i++)
        memcpy(jack_port_get_buffer(outputs[i], frames), jack_port_get_buffer(inputs[i], frames),
               frames * sizeof(jack_default_audio_sample_t));
    blocks++;
    return 0;
}

static int count_xrun(void *unused) {
    (void)unused;
    xruns++;
    return 0;
}

int main(void) {
    const char *names[4] = {"in_1", "in_2", "out_1", "out_2"};
    const char **sinks;
    char line[8];
    int i;
    jack_client_t *client = jack_client_open("passthrough", JackNoStartServer, NULL);
    if (!client) {
        fprintf(stderr, "passthrough: no JACK server\n");
        return 1;
    }
    period_ns = 1e9 * jack_get_buffer_size(client) / jack_get_sample_rate(client);
    for (i = 0; i < 2; i++) {
        inputs[i] = jack_port_register(client, names[i], JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        outputs[i] = jack_port_register(client, names[2 + i], JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    }
    jack_set_process_callback(client, process, NULL);
    jack_set_xrun_callback(client, count_xrun, NULL);
    jack_activate(client);
    sinks = jack_get_ports(client, NULL, JACK_DEFAULT_AUDIO_TYPE, JackPortIsPhysical | JackPortIsInput);
    for (i = 0; sinks && sinks[i] && i < 2; i++)
        jack_connect(client, jack_port_name(outputs[i]), sinks[i]);
    jack_free(sinks);
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) /* any line starts the count anew; the end of input ends it */
        blocks = lost = xruns = 0;
    printf("{\"blocks\": %lld, \"lost_periods\": %lld, \"xruns\": %lld}\n", blocks, lost, xruns);
    jack_client_close(client);
    return 0;
}
