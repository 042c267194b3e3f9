// Two games, a sender with money and a receiver: what every test of transfers and sends starts from. The two flavours
// differ in words only; here they are called alike.
import assert from 'node:assert/strict';
import {email, phone, requestId} from './world.mjs';

export const flavours = {
  transfer: {
    name: 'transfer', initiate: 'initiateTransfer', verify: 'verifyTransfer', resend: 'resendTransferPin',
    status: 'getTransferStatus', cancel: 'cancelTransfer', claim: 'claimTransfer', destinations: 'listTransferDestinations',
    senderName: 'source_player_name', senderEmail: 'source_player_email', senderPhone: 'source_player_phone',
    receiverEmail: 'target_player_email', receiverPhone: 'target_player_phone', game: 'target_game_id',
    claimName: 'target_player_name', claimEmail: 'target_player_email', claimPhone: 'target_player_phone',
    claimPlayer: 'target_player_id', details: 'transfer_details', summary: 'transfer_summary',
    sourceGame: 'source_game', targetGame: 'target_game', sourceFee: 'source_game_fee', targetFee: 'target_game_fee',
    networkFee: 'invo_fee', amountSent: 'amount_initiated', left: 'source_player_current_available_balance',
    targetCurrency: 'target_currency', player: 'target_player', policy: 'TRANSFER_POLICY_VIOLATION',
    perHour: 'transfers_per_player_hour', perDay: 'transfer_units_per_player_day', noun: 'Transfer',
    words: 'currency transfer',
  },
  send: {
    name: 'send', initiate: 'initiateSend', verify: 'verifySend', resend: 'resendSendPin', status: 'getSendStatus',
    cancel: 'cancelSend', claim: 'claimSend', destinations: 'listSendDestinations',
    senderName: 'sender_player_name', senderEmail: 'sender_player_email', senderPhone: 'sender_player_phone',
    receiverEmail: 'receiver_player_email', receiverPhone: 'receiver_player_phone', game: 'receiving_game_id',
    claimName: 'receiver_player_name', claimEmail: 'receiver_player_email', claimPhone: 'receiver_player_phone',
    claimPlayer: 'receiver_player_id', details: 'send_details', summary: 'send_summary',
    sourceGame: 'sending_game', targetGame: 'receiving_game', sourceFee: 'sending_game_fee',
    targetFee: 'receiving_game_fee', networkFee: 'platform_fee', amountSent: 'amount_sent',
    left: 'sender_current_available_balance', targetCurrency: 'receiving_currency', player: 'receiver_player',
    policy: 'CURRENCY_SEND_POLICY_VIOLATION', perHour: 'sends_per_player_hour', perDay: 'send_units_per_player_day',
    noun: 'Currency send', words: 'currency send',
  },
};
export const otherFlavour = (flavour) => (flavour === flavours.send ? flavours.transfer : flavours.send);

export const patterns = {
  pin: /verification code is (\d{6})\./,
  claim: /claim code in .+ is ([0-9A-Z-]{19})\./,
  share: /approval code is (\d{6})\./,
  guardian: /You are the guardian on file/,
};

// Requests are not what these tests count; what a player moves is limited as by default.
const roomy = Object.fromEntries(['initiations_per_player_minute', 'initiations_per_player_hour',
  'verifications_per_player_hour', 'claims_per_player_hour', 'initiations_per_ip_hour', 'verifications_per_ip_hour',
  'claims_per_ip_hour', 'destinations_per_ip_minute'].map((name) => [name, 100_000]));

export class Scene {
  // source, target: settings of the games. A transfer goes to the sender's own e-mail and phone.
  static async make(world, flavour, {source = {}, target = {}, balance = '2000.00'} = {}) {
    const scene = new Scene();
    scene.world = world;
    scene.flavour = flavour;
    scene.source = await world.createGame({game_name: 'Adventure Quest',
      currencies: [{currency_name: 'Gold', currency_symbol: 'G'}], ...source, limits: {...roomy, ...source.limits}});
    scene.target = await world.createGame({game_name: 'Space Warriors',
      currencies: [{currency_name: 'Energy Credits', currency_symbol: 'EC'}], ...target,
      limits: {...roomy, ...target.limits}});
    scene.sender = {email: email(), phone: phone()};
    scene.receiver = flavour === flavours.send ? {email: email(), phone: phone()} : scene.sender;
    scene.cents = 0;
    if (balance) await scene.source.credit(scene.sender.email, balance);
    return scene;
  }

  // Amounts differ, so that none is taken for a repetition. `change` is in the words of the wire.
  body(change = {}) {
    const {flavour: f, sender, receiver} = this;
    return {
      client_request_id: requestId(), [f.senderName]: 'PlayerOne', [f.senderEmail]: sender.email,
      [f.senderPhone]: sender.phone, [f.receiverEmail]: receiver.email, [f.receiverPhone]: receiver.phone,
      [f.game]: this.target.id, amount: `10.${String(++this.cents).padStart(2, '0')}`, ...change};
  }

  initiate(change = {}, expect = 201) {
    return this.source.call(this.flavour.initiate, {body: this.body(change), expect});
  }

  // Initiated, and the PIN read: {id, pin, reply, body}.
  async start(change = {}, expect = 201) {
    const body = this.body(change);
    const number = body[this.flavour.senderPhone];
    const before = (await this.world.texts(number)).length;
    const reply = await this.source.call(this.flavour.initiate, {body, expect});
    const [, pin] = await this.world.text(number, patterns.pin, before);
    return {id: reply.json.transaction_id, pin, reply, body};
  }

  verify(id, pin, expect = 200) {
    return this.source.call(this.flavour.verify, {body: {transaction_id: id, sms_pin: pin}, expect});
  }

  // Verified, and the claim code read from the receiver's phone.
  async approve(change = {}) {
    const started = await this.start(change);
    const number = started.body[this.flavour.receiverPhone];
    const before = (await this.world.texts(number)).length;
    const verified = await this.verify(started.id, started.pin);
    const [, code] = await this.world.text(number, patterns.claim, before);
    assert.equal(code, verified.json.claim_code, 'the reply shows the code that was texted');
    return {...started, verified, code};
  }

  claimBody(code, change = {}) {
    const {flavour: f, receiver} = this;
    return {claim_code: code, [f.claimName]: 'PlayerTwo', [f.claimEmail]: receiver.email, [f.claimPhone]: receiver.phone,
      ...change};
  }

  claim(code, change = {}, expect = 200) {
    return this.target.call(this.flavour.claim, {body: this.claimBody(code, change), expect});
  }

  async status(id, game = this.source) {
    return (await game.call(this.flavour.status, {params: {transaction_id: id}, expect: 200})).json;
  }

  // This person sends something to a stranger and verifies the PIN: now the phone is theirs.
  async prove({email: player, phone: number}) {
    const f = flavours.send;
    await this.source.credit(player, '1.00');
    const before = (await this.world.texts(number)).length;
    const {json} = await this.source.call(f.initiate, {expect: 201, body: {
      client_request_id: requestId(), [f.senderName]: 'PlayerThree', [f.senderEmail]: player, [f.senderPhone]: number,
      [f.receiverEmail]: email(), [f.receiverPhone]: phone(), [f.game]: this.target.id, amount: '1.00'}});
    const [, pin] = await this.world.text(number, patterns.pin, before);
    await this.source.call(f.verify, {body: {transaction_id: json.transaction_id, sms_pin: pin}, expect: 200});
  }

  cancel(id, expect = 200) {
    return this.source.call(this.flavour.cancel, {params: {transaction_id: id}, expect});
  }

  resend(id, expect = 200) {
    return this.source.call(this.flavour.resend, {body: {transaction_id: id}, expect});
  }

  // [available, reserved] of the sender.
  async funds() {
    const [entry] = (await this.source.balance(this.sender.email)).balances;
    return [entry.available_balance, entry.reserved_balance];
  }
}

// A PIN that is not this one.
export const otherCode = (code) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
