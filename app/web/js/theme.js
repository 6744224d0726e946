// Runs before the first paint (it is no module), so that a remembered theme does not flash.
try {
  const theme = localStorage.getItem("moments.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be closed to us; the system's theme is a fine answer.
}
