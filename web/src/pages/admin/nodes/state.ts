import type { Node } from '@/api/nodes';
import type { Tone } from '@/components/StateBadge';

/** What a node's state is called; each has a text `nodes:state.<id>` and a reason `nodes:reason.<id>`. */
export type NodeStateId =
  | 'notEnrolled'
  | 'waiting'
  | 'redeemed'
  | 'expired'
  | 'disabled'
  | 'noAddress'
  | 'notTested'
  | 'noTarget'
  | 'failing'
  | 'away'
  | 'untold'
  | 'healthy';

export interface NodeState {
  id: NodeStateId;
  tone: Tone;
}

/** The one thing about a node that matters most right now. */
export function stateOf(node: Node): NodeState {
  if (node.enrollment_status === 'not_started') return { id: 'notEnrolled', tone: 'off' };
  if (node.enrollment_status === 'pending') return { id: 'waiting', tone: 'wait' };
  if (node.enrollment_status === 'redeemed') return { id: 'redeemed', tone: 'wait' };
  if (node.enrollment_status === 'expired') return { id: 'expired', tone: 'warn' };
  if (!node.is_enabled) return { id: 'disabled', tone: 'off' };
  if (node.base_url === '') return { id: 'noAddress', tone: 'warn' };
  if (node.diagnosis?.class === 'ingress_target_missing') return { id: 'noTarget', tone: 'warn' };
  if (node.unreachable_since) return { id: 'away', tone: 'bad' };
  if (node.diagnosis) return { id: 'failing', tone: 'bad' };
  if (node.last_checked_at === null) return { id: 'notTested', tone: 'wait' };
  if (node.binding_pending) return { id: 'untold', tone: 'warn' };
  return { id: 'healthy', tone: 'good' };
}

/** Whether a probe ever gave a document to go by. */
export const wasProbed = (node: Node) => node.capabilities.protocol_version !== 'unknown';
