/** What of the audit trail is shown, as it stands in the address. */
export interface AuditSearch {
  action?: string;
  entity_type?: string;
  user_id?: number;
  /** From 1. */
  page?: number;
}
