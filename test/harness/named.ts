/** A server that answers every UDP datagram with its name, and with the text that came. */

import { createSocket } from 'node:dgram'

const [port, name = ''] = process.argv.slice(2)

const datagrams = createSocket('udp6')
datagrams.on('message', (text, { address, port: from }) =>
  datagrams.send(`${name} ${text.toString().trim()}\n`, from, address),
)
datagrams.bind(Number(port), '::', () => console.log('listening'))
