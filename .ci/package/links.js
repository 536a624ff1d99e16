'use strict';

// Links in the published pages. A page may link to a file that is not published: such a link leads to the repository, or, as long
// as that has no public address, is text alone.

const path = require('node:path').posix;

const LINK = /(?<image>!?)\[(?<text>(?:[^[\]]|\[[^\]]*\])*)\]\((?<place>[^)\s]+)\)/g;
const ELSEWHERE = /^([a-z][a-z\d+.-]*:|#)/i;

/**
 * @param {string} text  of the Markdown page `file`
 * @param {{ file: string, files: Set<string>, repository?: string }} about  `files`: all that are published
 */
function publishedLinks(text, { file, files, repository }) {
  return outsideOfCode(text, (prose) =>
    prose.replaceAll(LINK, (link, ...rest) => {
      const { image, text: words, place } = rest.at(-1);
      if (ELSEWHERE.test(place) || isPublished(target(file, place), files)) return link;
      if (repository !== undefined)
        return `${image}[${words}](${repository}/blob/main/${target(file, place)})`;
      return words;
    }),
  );
}

/** The links of a page that lead to no published file. */
function deadLinks(text, { file, files }) {
  const places = [];
  outsideOfCode(text, (prose) => {
    for (const { groups } of prose.matchAll(LINK)) places.push(groups.place);
    return prose;
  });
  return places.filter((place) => !ELSEWHERE.test(place) && !isPublished(target(file, place), files));
}

function target(file, place) {
  return path.join(path.dirname(file), place.replace(/#.*$/, ''));
}

/** A folder is published if a file in it is. */
function isPublished(place, files) {
  const folder = place.endsWith('/') ? place : `${place}/`;
  return files.has(place) || [...files].some((file) => file.startsWith(folder));
}

/** Fenced blocks stay as they are: in code, brackets and parentheses are no link. */
function outsideOfCode(text, change) {
  return text
    .split(/^(```[\s\S]*?^```$)/m)
    .map((part) => (part.startsWith('```') ? part : change(part)))
    .join('');
}

module.exports = { deadLinks, publishedLinks };
