import assert from 'node:assert/strict'
import fc from 'fast-check'
import { document, escapeXml, NOT_FOUND, xml } from '../../src/xml-curl/document.ts'
import { assertInert, carried, hostile, read } from './preprocessor.ts'

suite('xml-curl: documents', () => {
  test('the declaration stands alone on the first line', () => {
    assert.equal(
      NOT_FOUND,
      '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<document type="freeswitch/xml">\n<section name="result">\n<result status="not found"/>\n</section>\n</document>\n',
    )
    assertInert(NOT_FOUND)
  })

  for (const [given, expected] of [
    ['plain text, 100 %', 'plain text, 100 %'],
    ['<a & "b">', '&#60;a &#38; &#34;b&#34;&#62;'],
    ["it's", 'it&#39;s'],
    ['$${x}', '&#36;&#36;{x}'],
    ['X-PRE-PROCESS', 'X-PRE&#45;PROCESS'],
    ['x-pre-process', 'x-pre&#45;process'],
    ['PRE-PROCESSpre-process', 'PRE&#45;PROCESSpre&#45;process'],
    ['a\nb\r\tc', 'a&#10;b&#13;&#9;c'],
    ['\u0000\u001f\ufffe', '\ufffd\ufffd\ufffd'],
    ['\ud800a', '\ufffda'],
    ['😀', '😀'],
  ] as const) {
    test(`${JSON.stringify(given)} is written ${JSON.stringify(expected)}`, () => {
      assert.equal(escapeXml(given), expected)
    })
  }

  test('what is put into a template is escaped, but for Xml, lists of Xml and numbers', () => {
    const inner = xml`<b v="${'<'}"/>`
    assert.equal(
      xml`<a v="${'"'}" n="${5}">${inner}${[inner, inner]}</a>`.toString(),
      `<a v="&#34;" n="5">${'<b v="&#60;"/>'.repeat(3)}</a>`,
    )
  })

  test('any value is inert on its line and reads back as it was sent', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (first, second) => {
        const text = document('dialplan', xml`<a first="${first}" second="${second}"/>`)
        assertInert(text)
        const element = (await read(text)).at('section', 'a')
        assert.equal(element.attribute('first'), carried(first))
        assert.equal(element.attribute('second'), carried(second))
      }),
      { numRuns: 1_000 },
    )
  })

  test('values beside each other never make a directive together', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { maxLength: 5 }), async (values) => {
        const text = document('dialplan', xml`<a>${values.map((value) => xml`${value}`)}</a>`)
        // Between elements a directive could be made of two values: nobody puts values there, attributes only.
        if (!/pre-process/i.test(values.join(''))) assertInert(text)
        await read(text)
      }),
    )
  })
})
