// An SMS provider for production, on a loopback port: keeps what it is given to text, answers as Twilio does, and makes
// the signed posts of people who answer.
import {createHmac, randomBytes} from 'node:crypto';
import {createServer} from 'node:http';

const account = 'AC0123456789abcdef0123456789abcdef';
const sid = () => `SM${randomBytes(16).toString('hex')}`;

export class Provider {
  static async start() {
    const provider = new Provider();
    provider.token = 'contract-test-sms-token';
    provider.inboundUrl = 'https://florin.example/webhooks/sms/inbound';
    provider.down = false;
    provider.texts = [];
    provider.http = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const form = new URLSearchParams(Buffer.concat(chunks).toString());
        response.setHeader('Content-Type', 'application/json');
        if (provider.down) {
          response.writeHead(503).end('{"code":20503,"message":"down","status":503}');
          return;
        }
        const id = sid();
        provider.texts.push({id, to: form.get('To'), body: form.get('Body')});
        response.writeHead(201).end(JSON.stringify({sid: id, status: 'queued'}));
      });
    });
    await new Promise((resolve) => provider.http.listen(0, '127.0.0.1', resolve));
    provider.http.unref();
    provider.settings = {
      'sms.provider': 'twilio', 'sms.account_sid': account, 'sms.from': '+15005550006',
      'sms.base_url': `http://127.0.0.1:${provider.http.address().port}`, 'sms.inbound_url': provider.inboundUrl};
    return provider;
  }

  // {raw, headers} of the post for a text from `from`.
  post(from, body, {id = sid(), token = this.token, url = this.inboundUrl} = {}) {
    const form = {MessageSid: id, AccountSid: account, From: from, To: '+15005550006', Body: body, NumMedia: '0'};
    const signed = url + Object.keys(form).sort().map((name) => name + form[name]).join('');
    return {
      raw: new URLSearchParams(form).toString(),
      headers: {'X-Twilio-Signature': createHmac('sha1', token).update(signed).digest('base64')}};
  }

  stop() {
    this.http.closeAllConnections?.();
    this.http.close();
  }
}
