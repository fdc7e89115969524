// Writes the editor's lines into the page although its policy allows no inline style.
//
// The editor places each line by an attribute `style` in a piece of HTML, which `style-src 'self'` would strip. build.mjs
// puts these functions where it writes such a piece: they take the attributes out, and set the same styles by script.

/** In the place of `element.innerHTML = html`. */
export function setHtml(element: Element, html: string): void {
  element.innerHTML = withoutStyles(html);
  setStyles(element);
}

/** In the place of `element.insertAdjacentHTML("afterend", html)`. */
export function insertHtmlAfter(element: Element, html: string): void {
  element.insertAdjacentHTML("afterend", withoutStyles(html));
  if (element.parentNode) setStyles(element.parentNode);
}

/** A text that a person wrote holds no tag here: the editor escapes its brackets. */
function withoutStyles(html: string): string {
  return String(html).replace(/<[^<>]*>/g, (tag) => tag.replace(' style="', ' data-style="'));
}

function setStyles(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement | SVGElement>("[data-style]")) {
    element.style.cssText = element.dataset["style"] ?? "";
    element.removeAttribute("data-style");
  }
}
