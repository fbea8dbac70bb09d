// A certified OpenID provider on loopback with one client, Gridmap. Whoever types a name is signed in under it. Says its address, then serves.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'gridmap',
      client_secret: process.env.CLIENT_SECRET,
      application_type: 'native', // a loopback address of any port (RFC 8252), since each test's service has another
      redirect_uris: ['http://127.0.0.1/sign-in/oidc/back', 'http://localhost/sign-in/oidc/back'],
    }],
    jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [process.env.CLIENT_SECRET] },
    pkce: { required: () => true },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
