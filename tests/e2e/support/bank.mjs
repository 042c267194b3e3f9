// The bank as the tests play it: its calendar, written anew from the Federal Reserve's rules, and the files that it sends
// back about entries of ours.
const day = 86_400_000;

function holidays(year) {
  const fixed = [[0, 1], [5, 19], [6, 4], [10, 11], [11, 25]].map(([month, date]) => {
    const at = Date.UTC(year, month, date);
    return new Date(at).getUTCDay() === 0 ? at + day : at; // a Sunday's is kept on Monday, a Saturday's is not moved
  });
  // The nth Monday or Thursday of a month; -1: the last.
  const nth = (month, weekday, n) => {
    const days = Array.from({length: 31}, (_, i) => Date.UTC(year, month, i + 1))
      .filter((at) => new Date(at).getUTCMonth() === month && new Date(at).getUTCDay() === weekday);
    return days.at(n < 0 ? n : n - 1);
  };
  return [...fixed, nth(0, 1, 3), nth(1, 1, 3), nth(4, 1, -1), nth(8, 1, 1), nth(9, 1, 2), nth(10, 4, 4)];
}

// The first banking day after this one; times in ms.
export function nextBankingDay(from) {
  let at = Math.floor(from / day) * day;
  do at += day;
  while ([0, 6].includes(new Date(at).getUTCDay()) || holidays(new Date(at).getUTCFullYear()).includes(at));
  return at;
}

const digits = (value, width) => String(value).padStart(width, '0').slice(-width);

// A file that answers entries (lines of type 6) of a file of ours. answers: {entry, code, corrected?, amount?, account?,
// trace?, identification?}; company: as the batch says.
export function returnsFile(answers, {company = '1234567890'} = {}) {
  const lines = ['101 091000019 0910000192612040405A094101FLORIN SANDBOX         SANDBOX BANK           '.padEnd(94)];
  lines.push(`5220${'FLORIN SANDBOX'.padEnd(36)}${company}CCDPAYOUT          261203   1091000010000001`);
  let hash = 0n;
  let credits = 0n;
  answers.forEach(({entry, code, corrected = '', amount, account, trace, identification}, i) => {
    const change = code.startsWith('C');
    const cents = change ? '0000000000' : digits(amount ?? entry.slice(29, 39), 10);
    lines.push(`6${entry[1]}1${entry.slice(3, 12)}${(account ?? entry.slice(12, 29).trim()).padEnd(17)}${cents}` +
      `${(identification ?? entry.slice(39, 54)).padEnd(15)}${entry.slice(54, 78)}109100001${digits(i + 1, 7)}`);
    lines.push(`7${change ? '98' : '99'}${code}${trace ?? entry.slice(79, 94)}      ${entry.slice(3, 11)}` +
      `${corrected.padEnd(29).padEnd(44)}`.slice(0, 44) + `09100001${digits(i + 1, 7)}`);
    hash += BigInt(entry.slice(3, 11));
    credits += BigInt(cents);
  });
  const sums = `${digits(hash, 10)}${digits(0, 12)}${digits(credits, 12)}`;
  lines.push(`8220${digits(2 * answers.length, 6)}${sums}${company}${' '.repeat(25)}091000010000001`);
  lines.push(`9${digits(1, 6)}${digits(Math.ceil((lines.length + 1) / 10), 6)}${digits(2 * answers.length, 8)}${sums}`.padEnd(94));
  while (lines.length % 10) lines.push('9'.repeat(94));
  for (const line of lines) if (line.length !== 94) throw new Error(`${line.length}: ${line}`);
  return `${lines.join('\n')}\n`;
}
