/** A failure that is told to the user as it is, without a stack. */
export class Failure extends Error {}
