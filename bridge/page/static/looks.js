// Dark, light or as the system has it; and the stage view, to be read from two metres.

const LOOKS = ["", "dark", "light"];

export function setUpLooks(stage, theme) {
  const root = document.documentElement;
  const kept = (name) => { try { return localStorage.getItem(`tsumami-${name}`) ?? ""; } catch { return ""; } };
  const keep = (name, value) => { try { localStorage.setItem(`tsumami-${name}`, value); } catch { /* a private window */ } };

  function look(name) {
    root.dataset.theme = name;
    theme.title = `Colours: ${name || "as the system has them"}`;
    document.dispatchEvent(new Event("looks"));
  }

  function stand(on) {
    document.body.classList.toggle("on-stage", on);
    stage.setAttribute("aria-pressed", on);
    document.dispatchEvent(new Event("looks"));
  }

  theme.addEventListener("click", () => {
    const next = LOOKS[(LOOKS.indexOf(root.dataset.theme ?? "") + 1) % LOOKS.length];
    keep("theme", next);
    look(next);
  });
  stage.addEventListener("click", () => {
    const on = !document.body.classList.contains("on-stage");
    keep("stage", on ? "on" : "");
    scrollTo(0, 0);
    stand(on);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => look(root.dataset.theme));
  look(kept("theme"));
  stand(kept("stage") === "on");
}
