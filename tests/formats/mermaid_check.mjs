// Reads {name: Mermaid text} on standard input; draws each, without a browser, and
// prints {name: {"texts": [...], "tags": [...]}} or {name: {"error": "..."}}.
import {readFileSync} from 'node:fs';
import {JSDOM} from 'jsdom';

const {window} = new JSDOM('<body></body>', {pretendToBeVisual: true});
for (const name of ['window', 'document', 'navigator', 'Element', 'HTMLElement', 'SVGElement',
    'Node', 'DOMParser', 'XMLSerializer', 'CSSStyleSheet', 'MutationObserver']) {
  const value = name === 'window' ? window : window[name];
  Object.defineProperty(globalThis, name, {value, configurable: true, writable: true});
}
// jsdom measures nothing: every text is as wide as its characters
const box = function () {
  const width = 8 * (this.textContent ?? '').length + 10;
  return {x: 0, y: 0, width, height: 20, top: 0, left: 0, right: width, bottom: 20};
};
window.SVGElement.prototype.getBBox = box;
window.SVGElement.prototype.getComputedTextLength = function () { return box.call(this).width; };
window.Element.prototype.getBoundingClientRect = box;
globalThis.CSSStyleSheet ??= class {};
window.CSSStyleSheet.prototype.replaceSync ??= () => {};

const {default: mermaid} = await import('mermaid');
mermaid.initialize({startOnLoad: false, securityLevel: 'strict', suppressErrorRendering: true});
const results = {};
let number = 0;
for (const [name, text] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) {
  try {
    const {svg} = await mermaid.render(`d${++number}`, text);
    const holder = document.createElement('div');
    holder.innerHTML = svg;
    const all = [...holder.querySelectorAll('*')];
    results[name] = {
      texts: [...holder.querySelectorAll('.label, .nodeLabel, .edgeLabel, .cluster-label, title, text')]
        .map(found => found.textContent.trim()).filter(Boolean),
      tags: [...new Set(all.map(found => found.localName))],
      handlers: all.flatMap(found => [...found.attributes].map(a => a.name)).filter(a => a.startsWith('on')),
    };
  } catch (error) {
    results[name] = {error: String(error?.message ?? error)};
  }
}
console.log(JSON.stringify(results));
