/** A server that answers every UDP datagram with its name. */

import { createSocket } from 'node:dgram'

const [port, name = ''] = process.argv.slice(2)

const datagrams = createSocket('udp6')
datagrams.on('message', (_, { address, port: from }) => datagrams.send(`${name}\n`, from, address))
datagrams.bind(Number(port), '::', () => console.log('listening'))
