/** jsdom has no media queries: nobody prefers anything here. */
if (typeof globalThis.matchMedia !== 'function') {
  Object.defineProperty(globalThis, 'matchMedia', {
    value: () => ({ matches: false, addEventListener: () => undefined }),
  });
}
