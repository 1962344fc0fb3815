import { type AnyRoute, createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';

import { auditSearch } from '@/pages/admin/auditSearch';
import { taskSearch } from '@/pages/admin/tasks/taskSearch';

import { idParam } from './params';

/** The admin console; each page is loaded when somebody opens it. */
export function adminRoutes<Parent extends AnyRoute>(parent: Parent) {
  const getParentRoute = () => parent;
  const nodeId = idParam('nodeId');
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
      component: lazyRouteComponent(() => import('@/pages/admin/overview/OverviewPage'), 'OverviewPage'),
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
      params: idParam('policyId'),
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
      params: idParam('groupId'),
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
      params: idParam('userId'),
      component: lazyRouteComponent(() => import('@/pages/admin/users/UserPage'), 'UserPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/teams',
      component: lazyRouteComponent(() => import('@/pages/admin/teams/TeamsPage'), 'TeamsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/teams/$teamId',
      params: idParam('teamId'),
      component: lazyRouteComponent(() => import('@/pages/admin/teams/TeamPage'), 'TeamPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/shares',
      validateSearch: (search: Record<string, unknown>): { user_id?: number; page?: number } => ({
        ...(Number.isSafeInteger(search.user_id) && { user_id: search.user_id as number }),
        ...(Number.isSafeInteger(search.page) && { page: search.page as number }),
      }),
      component: lazyRouteComponent(() => import('@/pages/admin/shares/SharesPage'), 'SharesPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/tasks',
      validateSearch: taskSearch,
      component: lazyRouteComponent(() => import('@/pages/admin/tasks/TasksPage'), 'TasksPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/tasks/migrate',
      validateSearch: (search: Record<string, unknown>): { from?: number } =>
        Number.isSafeInteger(search.from) ? { from: search.from as number } : {},
      component: lazyRouteComponent(() => import('@/pages/admin/tasks/MigrationPage'), 'MigrationPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/tasks/$taskId',
      params: idParam('taskId'),
      component: lazyRouteComponent(() => import('@/pages/admin/tasks/TaskPage'), 'TaskPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/settings',
      component: lazyRouteComponent(() => import('@/pages/admin/settings/SettingsPage'), 'SettingsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/audit',
      validateSearch: auditSearch,
      component: lazyRouteComponent(() => import('@/pages/admin/AuditPage'), 'AuditPage'),
    }),
  ] as const;
}
