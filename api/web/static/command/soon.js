// One call for many: `act` runs before the next frame is drawn, or after a moment where no frames are drawn (a hidden page must not lag behind).

const MOMENT_MS = 150;

export function soon(act) {
  let waiting = false;
  const run = () => {
    if (!waiting) return;
    waiting = false;
    act();
  };
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(run);
    setTimeout(run, MOMENT_MS);
  };
}
