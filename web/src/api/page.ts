/** A part of a list. */
export interface Page<T> {
  items: T[];
  total: number;
  limit: number;
  offset: number;
}

/** Which part is asked for. */
export interface PageRequest {
  limit?: number;
  offset?: number;
}

/** The most the server gives at once; enough for lists that people keep short, such as nodes and policies. */
export const WHOLE: PageRequest = { limit: 100 };
