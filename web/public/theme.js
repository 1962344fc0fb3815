// Runs before the first paint, so that a page in the dark does not flash white. The app takes over from here.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('aster-color-scheme');
  } catch {
    // Storage may be closed to us; then the system decides.
  }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
