/**
 * Text as HTML.
 */

/** HTML that is put in as it is; anything else is escaped. */
export interface Html {
  readonly html: string;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}

/** A template whose values are text, HTML, or lists of HTML. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  const shown = values.map((value) => {
    if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
    return 'html' in value ? value.html : value.map((each) => each.html).join('');
  });
  return { html: parts.map((part, at) => part + (shown[at] ?? '')).join('') };
}

export const nothing: Html = { html: '' };

/** The little Markdown that descriptions use: paragraphs, lists, `code` and **strong**. */
export function markdown(text: string): Html {
  const blocks = text.split('\n\n').map((block) => {
    const lines = block.split('\n');
    if (!lines.every((line) => line.startsWith('- '))) return html`<p>${inLine(block)}</p>`;
    return html`<ul>${lines.map((line) => html`<li>${inLine(line.slice(2))}</li>`)}</ul>`;
  });
  return html`${blocks}`;
}

/** The same within a line. */
export function inLine(text: string): Html {
  const marked = text.split('`').map((piece, at) => {
    if (at % 2 === 1) return `<code>${escapeHtml(piece)}</code>`;
    return escapeHtml(piece).replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>');
  });
  return { html: marked.join('') };
}

export function block(text: string): Html {
  return html`<pre tabindex="0">${text}</pre>`;
}

export function jsonBlock(value: unknown): Html {
  return block(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
}
