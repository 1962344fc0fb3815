import { ApiError } from '@/api/errors';
import { nodes } from '@/api/nodes';
import { useChange } from '@/app/queries';

/** The connection test. A node that fails it is an outcome, not a failure: the server keeps why, and it is read anew. */
export function useNodeTest(nodeId: number, done?: (passed: boolean) => void) {
  return useChange(
    async () => {
      try {
        await nodes.test(nodeId);
        return true;
      } catch (error) {
        const explained = error instanceof ApiError && hasClass(error.detail);
        if (explained) return false;
        throw error;
      }
    },
    [['nodes']],
    (passed) => done?.(passed),
  );
}

const hasClass = (detail: unknown) => typeof (detail as { class?: unknown } | null)?.class === 'string';
