import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { publicSearch } from '@/pages/public/publicSearch';

/** Pages about shares for those who are signed in; the drive links to `/shares` when it is here. */
export function sharingRoutes<Parent extends AnyRoute>(parent: Parent) {
  const getParentRoute = () => parent;
  return [
    createRoute({
      getParentRoute,
      path: '/shares',
      component: lazyRouteComponent(() => import('@/pages/shares/routes'), 'MySharesPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/teams/$teamId/shares',
      params: {
        parse: (raw: { teamId: string }) => {
          const teamId = Number(raw.teamId);
          if (!Number.isSafeInteger(teamId) || teamId < 1) throw new Error(`'${raw.teamId}' is not an id`);
          return { teamId };
        },
        stringify: (params: { teamId: number }) => ({ teamId: `${params.teamId}` }),
      },
      component: lazyRouteComponent(() => import('@/pages/shares/routes'), 'TeamSharesPage'),
    }),
  ] as const;
}

/** Pages for everybody, such as `/s/$token`. */
export function publicRoutes<Parent extends AnyRoute>(parent: Parent) {
  return [
    createRoute({
      getParentRoute: () => parent,
      path: '/s/$token',
      validateSearch: publicSearch,
      component: lazyRouteComponent(() => import('@/pages/public/PublicSharePage'), 'PublicSharePage'),
    }),
  ] as const;
}
