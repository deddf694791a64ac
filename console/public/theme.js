// Before the first paint, so that a light desk never flashes dark.
(function () {
  var theme = null;
  try {
    theme = localStorage.getItem('samband.theme');
  } catch {
    theme = null;
  }
  var link = location.hash.match(/[?&]theme=(light|dark)/);
  if (link) theme = link[1];
  if (theme !== 'light' && theme !== 'dark') {
    theme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  }
  document.documentElement.dataset.theme = theme;
})();
