// Our NACHA files by a reader that is not ours. Where each field stands is what @ach/ach says; it checks nothing that
// it reads, so every control is added up here from its fields. Then the package adds up and writes the same file
// itself, and the bytes must be ours. Only its readers and writers of lines are used: the rest is a command line.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {test} from 'node:test';
import {once} from 'node:events';
import {printed, probe} from './probe.mjs';

const require = createRequire(import.meta.url);
const lineParsers = require('@ach/ach/lib/transforms/line-parsers.js');
const AchFormatter = require('@ach/ach/lib/transforms/ach-formatter.js');
const calculate = require('@ach/ach/lib/api/calculate.js');

const origin = {
  destination: '091000019', destinationName: 'First Example Bank', origin: '123456780', originName: 'Florin Network',
  company: 'Florin Network', companyId: '1123456789', odfi: '09100001', description: 'PAYOUT',
};
const nines = '9'.repeat(94);
// Banks' routing numbers, with leading zeros and without.
const banks = ['021000021', '011401533', '091000019', '122105155', '322271627', '267084131', '000000518'];

const write = (entries, {created = '2026-11-20T16:45:59Z', effective = '2026-11-23T00:00:00Z', modifier = 'A'} = {}) =>
  printed('', 'nacha', created, effective, modifier, ...Object.values(origin),
    ...entries.flatMap((each) => [each.payout, each.holder, each.routing, each.account, each.type, each.usd]));

function read(text) {
  const lines = text.split('\n');
  assert.equal(lines.pop(), '', 'the last line ends too');
  assert.equal(lines.length % 10, 0, 'whole blocks');
  for (const line of lines) assert.match(line, /^[ -`{-~]{94}$/, '94 characters of upper-case ASCII');
  const end = lines.findIndex((line) => line.startsWith('9'));
  assert.ok(lines.length - end <= 10 && lines.slice(end + 1).every((line) => line === nines));
  const file = {};
  let previous = '';
  for (const line of lines.slice(0, end + 1)) {
    // Which record may follow which.
    assert.ok({'': '1', 1: '5', 5: '6', 6: '68', 8: '59'}[previous].includes(line[0]), `${line[0]} after ${previous}`);
    previous = line[0];
    lineParsers[line[0]](line, file);
  }
  return {file, lines};
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const hashOf = (entries) => sum(entries.map((entry) => entry.receivingDFIIdentification)) % 10 ** 10;

function checkDigit(eight) {
  const weights = [3, 7, 1, 3, 7, 1, 3, 7];
  return (10 - sum([...eight].map((digit, i) => weights[i] * Number(digit))) % 10) % 10;
}

// Every rule that does not depend on what was asked for.
function audit({file, lines}, firstTrace = 1) {
  const {file: header, batches} = file;
  const all = batches.flatMap(({entries}) => entries);
  const {priority, recordSize, blockingFactor, formatCode} = header;
  assert.deepEqual([priority, recordSize, blockingFactor, formatCode], [1, '094', '10', '1']);
  batches.forEach((batch, i) => {
    const {footer, entries} = batch;
    assert.deepEqual([batch.serviceClassCode, footer.serviceClassCode], [220, 220]);
    assert.equal(batch.entryClassCode, 'CCD');
    assert.equal(batch.originatorStatusCode, '1');
    assert.equal(batch.settlementDate, '', 'the operator fills it in');
    assert.deepEqual([batch.num, footer.num], [i + 1, i + 1]);
    assert.equal(batch.companyId, footer.companyId);
    assert.equal(batch.originatingDFIIdentification, footer.originatingDFIIdentification);
    assert.equal(footer.entryAndAddendaCount, entries.length);
    assert.equal(footer.entryHash, hashOf(entries));
    assert.equal(footer.totalDebit, 0);
    assert.equal(footer.totalCredit, sum(entries.map(({amount}) => amount)));
    assert.deepEqual([footer.messageAuthenticationCode, footer.reserved], ['', '']);
  });
  all.forEach((entry, i) => {
    assert.match(entry.transactionCode, /^[23]2$/);
    const eight = String(entry.receivingDFIIdentification).padStart(8, '0');
    assert.equal(entry.checkDigit, checkDigit(eight));
    assert.match(entry.dfiAccount, /^\d{4,17}$/);
    assert.equal(entry.addendaIndicator, '0');
    assert.equal(entry.discretionaryData, '');
    assert.equal(entry.traceNumber, Number(batches[0].originatingDFIIdentification) * 10 ** 7 + firstTrace + i);
  });
  const {footer} = header;
  assert.equal(footer.batchCount, batches.length);
  assert.equal(footer.blockCount, lines.length / 10);
  assert.equal(footer.entryAndAddendaCount, all.length);
  assert.equal(footer.entryHash, hashOf(all));
  assert.equal(footer.totalDebit, 0);
  assert.equal(footer.totalCredit, sum(all.map(({amount}) => amount)));
  assert.equal(footer.reserved, '');
  return all;
}

// Forgets the controls, adds them up anew and writes it all again.
async function rewritten({file}) {
  for (const batch of file.batches) delete batch.footer;
  delete file.file.footer;
  calculate({ach: file, set: true});
  const formatter = new AchFormatter();
  const chunks = [];
  formatter.on('data', (chunk) => chunks.push(chunk));
  formatter.end(file);
  await once(formatter, 'end');
  return Buffer.concat(chunks).toString();
}

function base32(number) {
  const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let out = '';
  for (let rest = BigInt(number); out.length < 13; rest /= 32n) out = letters[rest % 32n] + out;
  return out;
}

const cents = (usd) => Number(usd.replace('.', ''));
const usd = (amount) => `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;

function payouts(count) {
  return Array.from({length: count}, (_, i) => ({
    payout: String(1 + i * 37), holder: `Studio ${i}`, routing: banks[i % banks.length],
    account: String(1000 + i * 7919).padStart(4 + i % 14, '0'), type: i % 3 === 0 ? 'savings' : 'checking',
    usd: usd(1 + i * i * 13 % 5_000_000),
  }));
}

function compare(entry, asked) {
  assert.deepEqual({
    code: entry.transactionCode, account: entry.dfiAccount, amount: entry.amount, id: entry.identificationNumber,
    routing: `${String(entry.receivingDFIIdentification).padStart(8, '0')}${entry.checkDigit}`,
  }, {
    code: asked.type === 'savings' ? '32' : '22', account: asked.account, amount: cents(asked.usd),
    id: base32(asked.payout), routing: asked.routing,
  });
}

for (const count of [1, 2, 5, 6, 7, 16, 100, 10_000, 10_002]) {
  test(`a file of ${count}`, async () => {
    const asked = payouts(count);
    const text = await write(asked);
    const parsed = read(text);
    const entries = audit(parsed);
    assert.equal(entries.length, count);
    assert.equal(parsed.file.batches.length, Math.ceil(count / 10_000));
    entries.forEach((entry, i) => {
      compare(entry, asked[i]);
      assert.equal(entry.receivingCompanyName, asked[i].holder.toUpperCase());
    });
    const again = await rewritten(parsed);
    // Behind a full last block it writes ten more lines of nines, which nobody asks for.
    const used = 2 + 2 * Math.ceil(count / 10_000) + count;
    assert.equal(again, used % 10 === 0 ? text + `${nines}\n`.repeat(10) : text);
    if (text.length > 100_000) return;  // longer than an argument may be
    const total = sum(asked.map((each) => cents(each.usd)));
    assert.deepEqual(await probe('', 'bank', text), [`${count} ${usd(total)}`]);
  });
}

test('what the headers say', async () => {
  const {file} = read(await write(payouts(3), {modifier: 'Q'}));
  const {destination, origin: from, creationDate, creationTime, idModifier, destinationName, originName} = file.file;
  assert.deepEqual({destination, from, creationDate, creationTime, idModifier, destinationName, originName}, {
    destination: ' 091000019', from: ' 123456780', creationDate: '261120', creationTime: '1645', idModifier: 'Q',
    destinationName: 'FIRST EXAMPLE BANK', originName: 'FLORIN NETWORK',
  });
  const [{companyName, companyId, description, effectiveDate, originatingDFIIdentification}] = file.batches;
  assert.deepEqual({companyName, companyId, description, effectiveDate, originatingDFIIdentification}, {
    companyName: 'FLORIN NETWORK', companyId: '1123456789', description: 'PAYOUT', effectiveDate: '261123',
    originatingDFIIdentification: '09100001',
  });
});

test('the largest amounts and the names of the world', async () => {
  const asked = ['99999999.99', '0.01', '12345678.90'].map((amount, i) => ({...payouts(3)[i], usd: amount}));
  asked[0].holder = 'Société Générale de Jeux Vidéo';
  asked[1].holder = 'Łódź Größe Œuvre';
  asked[2].holder = '株式会社';
  const parsed = read(await write(asked));
  const entries = audit(parsed);
  entries.forEach((entry, i) => compare(entry, asked[i]));
  assert.deepEqual(entries.map(({receivingCompanyName}) => receivingCompanyName),
    ['SOCIETE GENERALE DE JE', 'LODZ GROSSE OEUVRE', 'ZHU SHI HUI SHE']);
});

// A day that one file does not hold: each of its files is one by itself, and together they are the day.
test('a day of several files', async () => {
  const asked = payouts(11);
  const day = (created, when, most) => printed('', 'day', created, when, String(most), ...Object.values(origin),
    ...asked.flatMap((each) => [each.payout, each.holder, each.routing, each.account, each.type, each.usd]));
  for (const [created, when, effective] of [
    ['2026-12-24T16:45:59Z', 'next', '261228'], ['2026-11-23T16:45:59Z', 'next', '261124'], ['2026-11-23T16:45:59Z', 'same', '261123'],
    ['2026-12-25T16:45:59Z', 'same', '261228']]) {
    const text = await day(created, when, 4);
    const files = text.split(/^(?=101 )/m);
    assert.equal(files.length, 3);
    let trace = 1;
    const all = [];
    for (const [i, one] of files.entries()) {
      const parsed = read(one);
      assert.equal(parsed.file.file.idModifier, 'ABC'[i]);
      const entries = audit(parsed, trace);
      for (const {effectiveDate} of parsed.file.batches) assert.equal(effectiveDate, effective);
      trace += entries.length;
      all.push(...entries);
      assert.equal(await rewritten(parsed), one);
      const total = sum(entries.map(({amount}) => amount));
      assert.deepEqual(await probe('', 'bank', one), [`${entries.length} ${usd(total)}`]);
    }
    assert.equal(all.length, asked.length);
    all.forEach((entry, i) => compare(entry, asked[i]));
    assert.equal(await day(created, when, 4), text, 'the same day is the same bytes');
  }
});

// Or the tests above would prove nothing.
test('a changed control is noticed', async () => {
  const text = await write(payouts(2));
  const damaged = (line, column) => {
    const at = (line - 1) * 95 + column - 1;
    return text.slice(0, at) + (text[at] === '7' ? '8' : '7') + text.slice(at + 1);
  };
  audit(read(damaged(3, 60)));  // a name is anybody's
  const controls = {3: [[4, 12], [30, 39], [79, 94]], 5: [[2, 94]], 6: [[2, 94]], 7: [[1, 94]]};
  for (const [line, ranges] of Object.entries(controls)) {
    for (const [first, last] of ranges) {
      for (let column = first; column <= last; ++column) {
        assert.throws(() => audit(read(damaged(Number(line), column))), `${line}:${column}`);
      }
    }
  }
});

test('what cannot be written is not', async () => {
  const [good] = payouts(1);
  assert.equal(await write([]), 'There is no payout to write.');
  const wrong = {...good, routing: '021000022'};
  assert.equal(await write([wrong]), 'Payout po_0000000000001: the routing number is not one.');
});
