/** The toolbar's icons, drawn for a 20 x 20 grid with a stroke of 1.6. */

const PATHS = {
  smart:
    '<path d="m8.2 8.2 3.2 9 1.7-3.9 3.9-1.7Z" fill="currentColor"/><path d="M7.4 2.6v2.2M2.6 7.4h2.2M4 4l1.6 1.6M10.9 4 9.3 5.6M4 10.9l1.6-1.6"/>',
  brush:
    '<path d="M16.6 3.4c-.9-.9-2-.4-2.9.5L8.2 9.6l2.2 2.2 5.7-5.5c.9-.9 1.4-2 .5-2.9Z"/><path d="M7.4 10.6c-2 0-2.9 1.4-3 3.2-.1 1.3-.7 2-1.6 2.4 2.5 1 6.9.4 6.8-3.4"/>',
  eraser:
    '<path d="m3.3 12.2 7.9-7.9a1.6 1.6 0 0 1 2.3 0l3 3a1.6 1.6 0 0 1 0 2.3l-6.7 6.7H7.1l-3.8-3.8a.2.2 0 0 1 0-.3Z"/><path d="m7.7 7.9 5.2 5.2M9.5 16.3h7"/>',
  polygon:
    '<path d="M10 3.2 16.8 8 14.4 16H5.8L3.2 8.4Z"/><g fill="currentColor" stroke="none"><circle cx="10" cy="3.2" r="1.7"/><circle cx="16.8" cy="8" r="1.7"/><circle cx="14.4" cy="16" r="1.7"/><circle cx="5.8" cy="16" r="1.7"/><circle cx="3.2" cy="8.4" r="1.7"/></g>',
  lasso:
    '<path d="M6.2 13.3C4.3 12.4 3 10.8 3 8.9c0-3.1 3.2-5.5 7.1-5.5S17 5.8 17 8.9s-3 5.3-6.9 5.3c-.8 0-1.5-.1-2.2-.2" /><path d="M7.9 14c0 1-.8 1.6-1.7 1.6s-1.6-.6-1.6-1.3.7-1.2 1.6-1.2c1.2 0 1.7.8 1.7 1.6 0 1.2-.7 2-1.7 2.5"/>',
  fill: '<path d="m8.6 2.8 6.9 6.9-5.6 5.6a1.5 1.5 0 0 1-2.1 0l-4.2-4.2a1.5 1.5 0 0 1 0-2.1l5.3-5.3"/><path d="M3.4 9.9h11.7"/><path d="M16.7 12.7c.9 1.2 1.4 2 1.4 2.7a1.4 1.4 0 1 1-2.8 0c0-.7.5-1.5 1.4-2.7Z" fill="currentColor" stroke="none"/>',
  superpixel:
    '<rect x="2.8" y="2.8" width="14.4" height="14.4" rx="2"/><path d="M2.8 8.3 8 7l2.6-4.2M8 7l2.3 5.2 6.9-2.1M10.3 12.2 8.9 17.2M10.3 12.2l-7.5 1.2"/>',
  cleanup:
    '<path d="M12.4 3.2 16.8 7.6M14.6 5.4 8.9 11.1"/><path d="M8 9.4 10.6 12c.6 2.2-.6 4-2.4 4.8-2-.2-4-1.4-5-3.2 2.2-.2 3.6-1.6 4.8-4.2Z"/><path d="M15.4 12.4h.01M17 15.6h.01M13.4 16.6h.01" stroke-width="2"/>',
  specks:
    '<path d="M4.4 5.4h.01M10.4 3.8h.01M15.2 6.6h.01M6 11h.01M11.6 10h.01M15.6 13.8h.01M8.4 16h.01" stroke-width="2.6"/>',
  holes:
    '<path fill="currentColor" stroke="none" fill-rule="evenodd" d="M3 3h14v14H3ZM7 8.4a1.6 1.6 0 1 0 0-.1ZM12 12.6a1.8 1.8 0 1 0 0-.1Z"/>',
  move: '<path d="M10 2.6v14.8M2.6 10h14.8M10 2.6 7.8 4.8M10 2.6l2.2 2.2M10 17.4l-2.2-2.2M10 17.4l2.2-2.2M2.6 10l2.2-2.2M2.6 10l2.2 2.2M17.4 10l-2.2-2.2M17.4 10l-2.2 2.2"/>',
  magnet:
    '<path d="M4.2 3.4v6.8a5.8 5.8 0 0 0 11.6 0V3.4h-3.6v6.8a2.2 2.2 0 0 1-4.4 0V3.4Z"/><path d="M4.2 6.6h3.6M12.2 6.6h3.6"/>',
  adjust:
    '<circle cx="10" cy="10" r="6.6"/><path d="M10 3.4a6.6 6.6 0 0 1 0 13.2Z" fill="currentColor" stroke="none"/>',
  keepZoom: '<path d="M7.2 3.2h5.6l-.8 5 2.6 2.6v1.4H5.4v-1.4L8 8.2Z"/><path d="M10 12.2v4.8"/>',
  zoomTo:
    '<path d="M3.4 6.4v-3h3M13.6 3.4h3v3M16.6 13.6v3h-3M6.4 16.6h-3v-3"/><rect x="7" y="7" width="6" height="6" rx="1" fill="currentColor" stroke="none"/>',
  pan: '<path d="M6.3 10.8V5.2a1.2 1.2 0 0 1 2.4 0v4M8.7 9V3.8a1.2 1.2 0 0 1 2.4 0V9M11.1 9V4.6a1.2 1.2 0 0 1 2.4 0v5.1M13.5 9.5V6.9a1.2 1.2 0 0 1 2.4 0v5.3c0 3-1.8 5-4.7 5-2.3 0-3.5-.9-4.7-2.9l-2.4-3.9c-.7-1.2.9-2.2 1.8-1.1l.4.5"/>',
  round: '<circle cx="10" cy="10" r="5.6"/>',
  square: '<rect x="4.6" y="4.6" width="10.8" height="10.8" rx=".6"/>',
  onlyBackground:
    '<path d="M11.8 12.6a5.3 5.3 0 1 1 .9-7.7" stroke-dasharray="2.4 2"/><rect x="8.6" y="8.2" width="8.4" height="8.4" rx="1.4" fill="currentColor" stroke="none"/>',
  show: '<path d="M2.2 10S5 4.8 10 4.8 17.8 10 17.8 10 15 15.2 10 15.2 2.2 10 2.2 10Z"/><circle cx="10" cy="10" r="2.3"/>',
  hide: '<path d="M4.5 6.4C3 7.9 2.2 10 2.2 10S5 15.2 10 15.2c1.3 0 2.4-.3 3.4-.8M8.2 5c.6-.1 1.2-.2 1.8-.2 5 0 7.8 5.2 7.8 5.2s-.7 1.4-2 2.7M3 3l14 14"/>',
  contour:
    '<path d="M5.2 4.4c2-1.8 4-.6 6-.8 2.4-.3 4.7.9 5.3 3.2.7 2.6-1.4 4-1.6 6-.2 2.1-1.7 3.7-4.1 3.6-2.6-.1-2.8-1.6-4.8-2.4-2.2-.9-3.2-2.6-2.9-5 .2-1.9.8-3.3 2.1-4.6Z" stroke-dasharray="2.8 1.8"/>',
  opacity:
    '<path d="M10 2.8s5 5.2 5 8.9a5 5 0 0 1-10 0c0-3.7 5-8.9 5-8.9Z"/><path d="M10 6v10.6c-2.7 0-5-2.2-5-4.9C5 9.7 7.6 6.7 10 3.6Z" fill="currentColor" stroke="none"/>',
  undo: '<path d="M7.2 4 3.4 7.8l3.8 3.8"/><path d="M3.8 7.8h7.7a4.5 4.5 0 0 1 0 9H7.4"/>',
  redo: '<path d="m12.8 4 3.8 3.8-3.8 3.8"/><path d="M16.2 7.8H8.5a4.5 4.5 0 0 0 0 9h4.1"/>',
  zoomIn: '<path d="M10 4.2v11.6M4.2 10h11.6"/>',
  zoomOut: '<path d="M4.2 10h11.6"/>',
  fit: '<path d="M3.4 7.2V4.6a1.2 1.2 0 0 1 1.2-1.2h2.6M12.8 3.4h2.6a1.2 1.2 0 0 1 1.2 1.2v2.6M16.6 12.8v2.6a1.2 1.2 0 0 1-1.2 1.2h-2.6M7.2 16.6H4.6a1.2 1.2 0 0 1-1.2-1.2v-2.6"/>',
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * @param {IconName} name
 * @returns {string} markup of an inline SVG in the current text colour
 */
export function icon(name) {
  return (
    '<svg class="pz-icon" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" ' +
    `stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${PATHS[name]}</svg>`
  );
}
