// The measurements as an SVG: the same numbers give the same file. Light and dark by the reader's preference.
const WIDTH = 720;
const HEIGHT = 360;
const LEFT = 56;
const RIGHT = 16;
const TOP = 64;
const BOTTOM = 48;
const BAR = 48;

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .title { font-size: 16px; font-weight: 600 }
    .grid { stroke: #d0d7de } .strict { fill: #bf5700 } .applied { fill: #0969da } .predicted { stroke: #24292f; stroke-width: 2 }
    .right { text-anchor: end } .middle { text-anchor: middle }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .grid { stroke: #3d444d } .strict { fill: #f0883e } .applied { fill: #58a6ff } .predicted { stroke: #e6edf3 }
    }`;

export function chart(rows, orders) {
  const flushed = rows.filter(({ flushMs }) => flushMs !== undefined);
  const step = stepOf(Math.max(...flushed.flatMap((row) => [row.strict, row.predictedStrict])));
  const top = step * Math.ceil(Math.max(...flushed.flatMap((row) => [row.strict, row.predictedStrict])) / step);
  const y = (ms) => HEIGHT - BOTTOM - (ms / top) * (HEIGHT - TOP - BOTTOM);
  const slot = (WIDTH - LEFT - RIGHT) / flushed.length;
  const lines = [];
  for (let ms = 0; ms <= top; ms += step) {
    lines.push(`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(ms))}" y2="${at(y(ms))}"/>`);
    lines.push(`<text class="right" x="${LEFT - 8}" y="${at(y(ms) + 4)}">${ms}</text>`);
  }
  flushed.forEach((row, index) => {
    const middle = LEFT + slot * (index + 0.5);
    lines.push(...bar("strict", middle - BAR - 4, y, row.strict, row.predictedStrict));
    lines.push(...bar("applied", middle + 4, y, row.applied, row.predictedApplied));
    lines.push(`<text class="middle" x="${at(middle)}" y="${HEIGHT - BOTTOM + 20}">${row.flushMs} ms</text>`);
  });
  return document([...legend(orders), ...lines]);
}

function bar(kind, x, y, measured, predicted) {
  return [
    `<rect class="${kind}" x="${at(x)}" y="${at(y(measured))}" width="${BAR}" height="${at(y(0) - y(measured))}"/>`,
    `<line class="predicted" x1="${at(x - 4)}" x2="${at(x + BAR + 4)}" y1="${at(y(predicted))}" y2="${at(y(predicted))}"/>`,
    `<text class="middle" x="${at(x + BAR / 2)}" y="${at(y(Math.max(measured, predicted)) - 6)}">${measured.toFixed(1)}</text>`,
  ];
}

function legend(orders) {
  return [
    `<text class="title" x="${LEFT}" y="24">From the order to its receipt over five services, in ms (median of ${orders})</text>`,
    `<rect class="strict" x="${LEFT}" y="36" width="12" height="12"/><text x="${LEFT + 18}" y="47">strict</text>`,
    `<rect class="applied" x="${LEFT + 80}" y="36" width="12" height="12"/><text x="${LEFT + 98}" y="47">applied</text>`,
    `<line class="predicted" x1="${LEFT + 172}" x2="${LEFT + 192}" y1="42" y2="42"/><text x="${LEFT + 198}" y="47">predicted</text>`,
    `<text class="middle" x="${(WIDTH + LEFT - RIGHT) / 2}" y="${HEIGHT - 8}">time of a flush on the replica, on top of its disk's</text>`,
  ];
}

function document(lines) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Latency, strict and applied">`,
    `  <style>${STYLE}\n  </style>`, ...lines.map((line) => `  ${line}`), "</svg>", "",
  ].join("\n");
}

/** Of 1, 2 and 5 times a power of ten the least that needs at most six lines. */
function stepOf(most) {
  const power = 10 ** Math.floor(Math.log10(most / 6));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => most / step <= 6);
}

function at(value) {
  return `${Math.round(value * 10) / 10}`;
}
