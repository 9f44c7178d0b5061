/** Thrown where a part of the index turns out to be damaged. It has been thrown away then: the next call makes it anew. */
export class IndexDamaged extends Error {}
