/**
 * A server that reads what it is sent, answers 200 and does nothing else: for the cost of sending.
 */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.resume().once('end', () => response.end());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') process.send?.(address.port);
});
