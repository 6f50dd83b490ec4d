/**
 * Pieces that the corpus of events is put together from: log lines, traces, sentences in several scripts, emoji,
 * markup. All of it was written for this repository; only its shapes are those of real programs.
 */
export type Draw = () => number;

export function pick<Item>(draw: Draw, items: readonly Item[]): Item {
  const found = items[Math.floor(draw() * items.length)];
  if (found === undefined) throw new Error('There is nothing to pick from');
  return found;
}

export function count(draw: Draw, least: number, most: number): number {
  return least + Math.floor(draw() * (most - least + 1));
}

export function hex(draw: Draw, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(draw() * 16).toString(16)).join('');
}

export function uuid(draw: Draw): string {
  return `${hex(draw, 8)}-${hex(draw, 4)}-4${hex(draw, 3)}-8${hex(draw, 3)}-${hex(draw, 12)}`;
}

export const words = (
  'queue worker retry batch shard replica lease ledger cursor invoice parcel sensor turbine door harbour signal ' +
  'kettle lantern orchard pallet quarry ribbon saddle timber valve willow anchor beacon copper dynamo ember'
).split(' ');

export const hosts = ['api', 'edge', 'store', 'mail', 'jobs'];

export function sentence(draw: Draw, length: number): string {
  return Array.from({ length }, () => pick(draw, words)).join(' ');
}

/** A line as programs log it: quotes, tabs, paths of both kinds, and sometimes colours of a terminal. */
export function logLine(draw: Draw): string {
  const [one, other] = [pick(draw, words), pick(draw, words)];
  const number = count(draw, 1, 9_999);
  return pick(draw, [
    `level=info msg="${one} ${other} done" took=${number}ms`,
    `[${one}] ${other} took ${number} ms`,
    `GET /v1/${one}s/${number}?sort=${other}&page=2 200 "curl/8.5"`,
    `\u001b[32mINFO\u001b[0m  ${one}:\t${other} is ready`,
    `\u001b[1;31mERROR\u001b[0m ${one}\tcould not open "C:\\Data\\${other}\\${number}.log"`,
    `${one} <- ${other}: 'not found' & retried (${number})`,
    `{"level":"warn","${one}":"${other}","n":${number}}`,
  ]);
}

/** A stack trace in the manner of one of three languages. */
export function trace(draw: Draw, frames: number): string {
  const [one, other] = [pick(draw, words), pick(draw, words)];
  const lines = Array.from({ length: frames }, (_, at) => {
    const [file, line] = [pick(draw, words), count(draw, 10, 900)];
    return {
      python: `  File "/srv/${file}/${other}.py", line ${line}, in ${file}_${at}\n    return ${one}(item["${file}"])`,
      java: `\tat org.example.${one}.${file}.Run${at}.lambda$0(Run${at}.java:${line})`,
      javascript: `    at async ${one}.<anonymous> (file:///srv/${other}/${file}.js:${line}:${at + 3})`,
    };
  });
  return pick(draw, [
    ['Traceback (most recent call last):', ...lines.map(({ python }) => python), `KeyError: '${one}'`].join('\n'),
    [`org.example.${one}.BadState: "${other}" is gone`, ...lines.map(({ java }) => java), '\t... 12 more'].join('\n'),
    [`TypeError: ${one} is not a function`, ...lines.map(({ javascript }) => javascript)].join('\n'),
  ]);
}

export const chinese = [
  '订单已经发货',
  '传感器读数超过上限',
  '仓库门已打开',
  '任务在第三次重试后完成',
  '库存不足，请补货',
  '温度恢复正常',
];
export const arabic = ['تم فتح الباب', 'وصلت الشحنة إلى الميناء', 'فشلت المهمة بعد ثلاث محاولات', 'انتهى العمل بنجاح'];
export const european = [
  'Tür im Erdgeschoß geöffnet',
  'Größe überschritten: 20 µm',
  'Échec après trois essais, réessayé à côté',
  'Датчик не отвечает',
  'Błąd połączenia ze źródłem',
  'Πόρτα ανοιχτή',
  'センサーが応答しません',
  '장치가 다시 시작되었습니다',
];
export const emoji = [
  '🚀 sent',
  '✅ all good',
  '🔥🔥 hot',
  '👩‍🔧 on her way',
  '🇪🇺 region',
  '⚠️ look here',
  '😀',
  'done 🎉',
];
export const markup = [
  '<p class="note">It\'s <b>open</b> &amp; lit</p>',
  '<a href="https://example.org/?a=1&b=2">see</a>',
  'a <- b && c > d',
  'line one\u2028line two\u00a0end',
];
