/** Position of an element in percent, set by script: the page's policy allows no style attributes. */

import type { Attachment } from 'svelte/attachments';

export function at(left: number, width?: number): Attachment<HTMLElement> {
  return (node) => {
    node.style.left = `${(left * 100).toFixed(4)}%`;
    if (width !== undefined) node.style.width = `${(width * 100).toFixed(4)}%`;
  };
}

/** The same from a head of 224 px on, in a box that holds head and track. */
export function onTrack(place: number): Attachment<HTMLElement> {
  return (node) => {
    node.style.left = `calc(224px + (100% - 224px) * ${place.toFixed(6)})`;
  };
}
