"""The streaming short-time Fourier transform, its windows and its kernels."""
