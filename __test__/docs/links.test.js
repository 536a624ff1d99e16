'use strict';

// Links between the pages lead somewhere: the file is in the repository, and its heading is there. What the package does with links
// to files that it leaves out is tested where it is packed.

const { existsSync } = require('node:fs');
const path = require('node:path');
const { ROOT, pages, read } = require('./blocks.js');

const withoutCode = (text) => text.replace(/^( *)```.*?^ *```$/gms, '');

/** As GitHub makes them: a repeated heading gets a number. */
function anchors(page) {
  const seen = new Map();
  return [...withoutCode(read(page)).matchAll(/^#+ +(.+)$/gm)].map(([, heading]) => {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

function links(page) {
  const text = withoutCode(read(page)).replace(/`[^`\n]*`/g, (code) => (code.includes('](') ? '' : code));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
}

function fault(page, link) {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [file, anchor] = link.split('#');
  const target = file === '' ? page : path.join(path.dirname(page), decodeURI(file));
  if (!existsSync(path.join(ROOT, target))) return 'no such file';
  if (anchor !== undefined && target.endsWith('.md') && !anchors(target).includes(anchor))
    return 'no such heading';
  return undefined;
}

test('every relative link of every page leads to a file and a heading', () => {
  const all = pages().flatMap((page) =>
    links(page).map((link) => ({ page, link, fault: fault(page, link) })),
  );
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter((link) => link.fault)).toEqual([]);
});

test('docs/README.md lists every page of docs', () => {
  const index = links('docs/README.md').map((link) => link.split('#')[0]);
  const own = pages().filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/README.md');
  expect(own.filter((page) => !index.includes(path.basename(page)))).toEqual([]);
});
