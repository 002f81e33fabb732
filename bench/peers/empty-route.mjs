// The least that the product's own framework can do: one route, a constant answer with a schema. Environment: PORT.
import Fastify from 'fastify'

const app = Fastify()
const ok = { type: 'object', properties: { ok: { type: 'boolean' } } }
app.get('/', { schema: { response: { 200: ok } } }, async () => ({ ok: true }))
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
process.stdout.write('ready\n')
