'use strict';

// The notices of other crates, which a platform's package has because its binary contains them.

const { noticesOf, written } = require('../../.ci/package/notices.js');
const { platformManifest } = require('../../.ci/package/manifests.js');
const { chosenTarget } = require('../../.ci/package/targets.js');

const MIT = `Permission is hereby granted, free of charge, to any person
obtaining a copy`;

test('a text that differs in its copyright alone is there once, under the crates that it is for', () => {
  const one = `The MIT License (MIT)\n\nCopyright (c) 2018 First\n\n${MIT}\n`;
  const other = `Copyright (c) 2020 Second\nCopyright (c) 2021 Third\r\n\r\n${MIT.replace('\n', ' ')}`;
  const text = written([
    { name: 'a', version: '1.0.0', licence: 'MIT', texts: [one] },
    { name: 'b', version: '2.0.0', licence: 'MIT OR Apache-2.0', texts: [other] },
    { name: 'c', version: '3.0.0', licence: 'ISC', texts: ['Permission to use'] },
  ]);
  expect(text).toContain(
    [
      ...['a 1.0.0 (MIT)', '  Copyright (c) 2018 First'],
      ...['b 2.0.0 (MIT OR Apache-2.0)', '  Copyright (c) 2020 Second', '  Copyright (c) 2021 Third'],
      ...['', MIT],
    ].join('\n'),
  );
  expect(text.split('Permission is hereby granted')).toHaveLength(2);
  expect(text).toContain('c 3.0.0 (ISC)\n\nPermission to use\n');
});

test('a text of several licences stays whole', () => {
  const whole = `Copyright (c) 2018 First\n\n${MIT}\n\nCopyright (c) 2020 Second\n\n${MIT}`;
  const text = written([{ name: 'a', version: '1.0.0', licence: 'MIT', texts: [whole] }]);
  expect(text).toContain(`a 1.0.0 (MIT)\n\n${whole}\n`);
});

describe('of the addon for this platform', () => {
  const text = noticesOf(chosenTarget([]));

  test.each([
    ['a crate', /^hyper \d.*\n {2}Copyright \(c\) 2014-\d{4} Sean McArthur$/m],
    ['the library for TLS', /^aws-lc-sys \d/m],
    ['the code in C that it contains', /OpenSSL Project/],
    ['zstd under the licence that its crate has chosen', /^zstd-sys \d[^]*Meta Platforms/m],
    ['the allocator', /^libmimalloc-sys \d/m],
  ])('%s is named', (_, pattern) => {
    expect(text).toMatch(pattern);
  });

  test('crates that only build or test it, of other programs, and of this repository are left out', () => {
    expect(text).not.toMatch(/^(?:proptest|napi-build|cc|ring|axum|token-rotator\S*) \d/m);
  });

  test('a crate without a file of its licence has that of its authors', () => {
    expect(text).toMatch(
      /^napi \d\S+ \(MIT\)\n {2}Copyright \(c\) 2020 LongYinan\n {2}Copyright \(c\) 2018 GitHub$/m,
    );
    expect(text).toMatch(/^alloc-stdlib \d.*\n {2}Copyright .* Dropbox/m);
  });

  test('no text of another licence is taken for one of its own', () => {
    expect(text).not.toMatch(/^\s*GNU GENERAL PUBLIC LICENSE$/m);
  });

  test('the file is small, because it counts in the size of the package', () => {
    expect(text.length).toBeLessThan(150_000);
  });

  test('the file is published', () => {
    expect(platformManifest(chosenTarget([])).files).toContain('THIRD-PARTY-NOTICES.txt');
  });
});
