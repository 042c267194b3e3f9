// HTTP as the tests need it: nothing is encoded, completed or followed behind their back.
import http from 'node:http';
import net from 'node:net';

const timeoutMs = 60_000;
const agent = new http.Agent({keepAlive: true, maxSockets: 32});

// body: undefined, a string, or a Buffer. Resolves with {status, headers, text, json}; json is undefined when the text
// is no JSON.
export function exchange(port, {method = 'GET', path, headers = {}, body}) {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? undefined : Buffer.from(body);
    const all = {...headers};
    if (data) all['Content-Length'] = data.length;
    const request = http.request({host: '127.0.0.1', port, method, path, headers: all, agent, timeout: timeoutMs});
    request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in ${timeoutMs} ms`)));
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        let json;
        try {
          json = JSON.parse(text);
        } catch {
          // left undefined
        }
        resolve({status: response.statusCode, headers: response.headers, text, json});
      });
    });
    request.end(data);
  });
}

// Sends bytes as they are and resolves with all that comes back until the server closes, or with what came within
// `waitMs`; `closed` tells which.
export function raw(port, bytes, waitMs = 5000) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    let done = false;
    const finish = (closed) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      socket.destroy();
      const [head, ...rest] = text.split('\r\n\r\n');
      const [first, ...lines] = head.split('\r\n');
      const headers = {};
      for (const line of lines) {
        const colon = line.indexOf(':');
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      let json;
      try {
        json = JSON.parse(rest.join('\r\n\r\n'));
      } catch {
        // left undefined
      }
      resolve({status: Number(first.split(' ')[1]), headers, json, text, closed});
    };
    const timer = setTimeout(() => finish(false), waitMs);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => (text += chunk));
    socket.on('end', () => finish(true));
    socket.on('close', () => finish(true));
    socket.on('error', (error) => (text ? finish(true) : reject(error)));
    socket.write(bytes);
  });
}
