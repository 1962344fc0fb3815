import { type AnyRoute, createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';

/** What everybody does with the own account. */
export function accountRoutes<Parent extends AnyRoute>(parent: Parent) {
  const getParentRoute = () => parent;
  return [
    createRoute({
      getParentRoute,
      path: '/account',
      beforeLoad: () => {
        throw redirect({ to: '/account/profile' });
      },
    }),
    createRoute({
      getParentRoute,
      path: '/account/profile',
      component: lazyRouteComponent(() => import('@/pages/account/ProfilePage'), 'ProfilePage'),
    }),
    createRoute({
      getParentRoute,
      path: '/account/security',
      component: lazyRouteComponent(() => import('@/pages/account/SecurityPage'), 'SecurityPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/account/tokens',
      component: lazyRouteComponent(() => import('@/pages/account/TokensPage'), 'TokensPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/account/webdav',
      component: lazyRouteComponent(() => import('@/pages/account/WebdavPage'), 'WebdavPage'),
    }),
  ] as const;
}
