// The servers of a round: several on one workspace, each with a client; one that was killed is replaced when needed.
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Lost } from './client.mjs'

export class Pool {
  #arena
  #random
  #clients = []
  #most
  #env
  #gate

  constructor(arena, random, most) {
    this.#arena = arena
    this.#random = random
    this.#most = most
    this.#env = () => arena.faultyEnv()
  }

  get clients() {
    return this.#clients.filter(({ ended }) => !ended)
  }

  async any() {
    await this.#gate
    this.#clients = this.clients
    if (this.#clients.length < this.#most && (this.#clients.length === 0 || this.#random.chance(0.4))) {
      this.add()
    }
    const client = this.#random.pick(this.#clients)
    await client.opened
    return client
  }

  /** @param {string[]} [within] a command that runs the server's */
  add(within) {
    const client = new Client(this.#arena.program, this.#arena.root, this.#env(), within)
    this.#clients.push(client)
    client.opened = client.open()
    client.opened.catch(() => {})
    return client
  }

  /** No server is begun while `work` is done. */
  async away(work) {
    const done = Promise.resolve().then(work)
    this.#gate = done.catch(() => {})
    return done
  }

  /** One call by some server, its answer lost or not. */
  async once(name, args, timeoutS) {
    return (await this.any()).call(name, args, timeoutS)
  }

  /** The same call until it is answered, as a client would that thinks its call lost. */
  async insist(name, args, log, giveUp = () => false) {
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.once(name, args)
        if (!answer.refused) return { ...answer.content, attempts: attempt + 1 }
        log({ refused: name, code: answer.content.code ?? answer.content.error, content: answer.content })
      } catch (cause) {
        if (!(cause instanceof Lost)) throw cause
        log({ lost: name, why: cause.message })
      }
      if (giveUp(attempt)) return undefined
      await sleep(100)
    }
  }

  /** From now on one server, which nothing kills. */
  async calm() {
    this.#env = () => this.#arena.env()
    this.#most = 1
    await this.retire()
  }

  /** Lets go of every server: those of a workspace that has been moved away serve nobody. */
  async retire() {
    const old = this.#clients
    this.#clients = []
    await Promise.all(old.map((client) => client.close()))
  }
}
