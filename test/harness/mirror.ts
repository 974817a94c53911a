/** A server that answers every TCP connection and UDP datagram with the client's address. */

import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const port = Number(process.argv[2])

/** An IPv4 client of a dual-stack socket appears as `::ffff:10.1.2.3`. */
function plain(address = ''): string {
  return `${address.replace('::ffff:', '')}\n`
}

createServer((socket) => {
  socket.on('error', () => {})
  socket.end(plain(socket.remoteAddress))
}).listen(port, '::', () => console.log('listening'))

const datagrams = createSocket('udp6')
datagrams.on('message', (_, { address, port: from }) => datagrams.send(plain(address), from, address))
datagrams.bind(port, '::')
