// Lets the packages add rules to the page although its policy allows no inline style.
//
// They make <style> elements, which `style-src 'self'` keeps from working. Each gets this element in its place, whose
// rules stand in a sheet made by script: the policy is about text that got into the page, and not about its programs.

class StyleElement extends HTMLElement {
  readonly sheet = new CSSStyleSheet();
  #text = "";
  #root: DocumentOrShadowRoot | null = null;

  override get textContent(): string {
    return this.#text;
  }

  override set textContent(text: string | null) {
    this.#text = text ?? "";
    this.sheet.replaceSync(this.#text);
  }

  override get innerText(): string {
    return this.#text;
  }

  override set innerText(text: string) {
    this.textContent = text;
  }

  /** Some write their rules as a text node; the node itself is of no use here. */
  override appendChild<Child extends Node>(node: Child): Child {
    this.textContent += node.textContent ?? "";
    return node;
  }

  connectedCallback(): void {
    this.style.display = "none";
    this.#root = this.getRootNode() as Document | ShadowRoot;
    this.#root.adoptedStyleSheets.push(this.sheet);
  }

  disconnectedCallback(): void {
    const sheets = this.#root?.adoptedStyleSheets;
    if (sheets?.includes(this.sheet)) sheets.splice(sheets.indexOf(this.sheet), 1);
    this.#root = null;
  }
}

customElements.define("pennypost-style", StyleElement);

const create = document.createElement.bind(document);
document.createElement = ((name: string, options?: ElementCreationOptions) =>
  name.toLowerCase() === "style" ? new StyleElement() : create(name, options)) as typeof document.createElement;
