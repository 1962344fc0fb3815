import { type AnyRoute, createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';

import type { AuditSearch } from '@/pages/admin/auditSearch';

/** The admin console; each page is loaded when somebody opens it. */
export function adminRoutes<Parent extends AnyRoute>(parent: Parent) {
  const getParentRoute = () => parent;
  const id = (text: string) => {
    const number = Number(text);
    if (!Number.isSafeInteger(number) || number < 1) throw new Error(`'${text}' is not an id`);
    return number;
  };
  const nodeId = {
    parse: (raw: { nodeId: string }) => ({ nodeId: id(raw.nodeId) }),
    stringify: (params: { nodeId: number }) => ({ nodeId: `${params.nodeId}` }),
  };
  return [
    createRoute({
      getParentRoute,
      path: '/',
      beforeLoad: () => {
        throw redirect({ to: '/admin/overview' });
      },
    }),
    createRoute({
      getParentRoute,
      path: '/overview',
      component: lazyRouteComponent(() => import('@/pages/admin/OverviewPage'), 'OverviewPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/remote-nodes',
      component: lazyRouteComponent(() => import('@/pages/admin/nodes/NodesPage'), 'NodesPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/remote-nodes/new',
      component: lazyRouteComponent(() => import('@/pages/admin/nodes/NewNodePage'), 'NewNodePage'),
    }),
    createRoute({
      getParentRoute,
      path: '/remote-nodes/$nodeId',
      params: nodeId,
      component: lazyRouteComponent(() => import('@/pages/admin/nodes/NodePage'), 'NodePage'),
    }),
    createRoute({
      getParentRoute,
      path: '/remote-nodes/$nodeId/setup',
      params: nodeId,
      component: lazyRouteComponent(() => import('@/pages/admin/nodes/wizard/WizardPage'), 'WizardPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/policies',
      component: lazyRouteComponent(() => import('@/pages/admin/policies/PoliciesPage'), 'PoliciesPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/policies/new',
      validateSearch: (search: Record<string, unknown>): { node?: number } =>
        Number.isSafeInteger(search.node) ? { node: search.node as number } : {},
      component: lazyRouteComponent(() => import('@/pages/admin/policies/PolicyPage'), 'NewPolicyPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/policies/$policyId',
      params: {
        parse: (raw: { policyId: string }) => ({ policyId: id(raw.policyId) }),
        stringify: (params: { policyId: number }) => ({ policyId: `${params.policyId}` }),
      },
      component: lazyRouteComponent(() => import('@/pages/admin/policies/PolicyPage'), 'PolicyPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/policy-groups',
      component: lazyRouteComponent(() => import('@/pages/admin/groups/GroupsPage'), 'GroupsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/policy-groups/new',
      component: lazyRouteComponent(() => import('@/pages/admin/groups/GroupPage'), 'NewGroupPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/policy-groups/$groupId',
      params: {
        parse: (raw: { groupId: string }) => ({ groupId: id(raw.groupId) }),
        stringify: (params: { groupId: number }) => ({ groupId: `${params.groupId}` }),
      },
      component: lazyRouteComponent(() => import('@/pages/admin/groups/GroupPage'), 'GroupPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/users',
      component: lazyRouteComponent(() => import('@/pages/admin/users/UsersPage'), 'UsersPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/users/$userId',
      params: {
        parse: (raw: { userId: string }) => ({ userId: id(raw.userId) }),
        stringify: (params: { userId: number }) => ({ userId: `${params.userId}` }),
      },
      component: lazyRouteComponent(() => import('@/pages/admin/users/UserPage'), 'UserPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/settings',
      component: lazyRouteComponent(() => import('@/pages/admin/settings/SettingsPage'), 'SettingsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/audit',
      validateSearch: (search: Record<string, unknown>): AuditSearch => ({
        ...(typeof search.action === 'string' && { action: search.action }),
        ...(typeof search.entity_type === 'string' && { entity_type: search.entity_type }),
        ...(Number.isSafeInteger(search.user_id) && { user_id: search.user_id as number }),
        ...(Number.isSafeInteger(search.page) && { page: search.page as number }),
      }),
      component: lazyRouteComponent(() => import('@/pages/admin/AuditPage'), 'AuditPage'),
    }),
  ] as const;
}
