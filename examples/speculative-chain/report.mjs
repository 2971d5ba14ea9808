// The measurements as a table.
const HEAD = ["level", "flush", "one wait", "strict", "predicted", "applied", "predicted", "gain"];

export function table(rows) {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const padded = (cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[0]));
  return lines.map((line) => line.map(padded).join("  ")).join("\n");
}

function cells({ level, flushMs, wait, strict, predictedStrict, applied, predictedApplied }) {
  return [
    level, flushMs === undefined ? "-" : `${flushMs}`, ms(wait), ms(strict), ms(predictedStrict), ms(applied), ms(predictedApplied),
    `${(strict / applied).toFixed(1)}x`,
  ];
}

function ms(value) {
  return value === undefined ? "-" : value.toFixed(1);
}
