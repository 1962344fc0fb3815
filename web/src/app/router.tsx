import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';

import { RouteProblem } from '@/components/RouteProblem';
import { Shell } from '@/components/Shell';
import { LoginPage } from '@/pages/LoginPage';
import { NotFoundPage } from '@/pages/NotFoundPage';
import { SetupPage } from '@/pages/SetupPage';

import { accountRoutes } from './accountRoutes';
import { adminRoutes } from './adminRoutes';
import { driveRoutes } from './driveRoutes';
import { requireUser, safeNext } from './session';
import { publicRoutes, sharingRoutes } from './sharingRoutes';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage });

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search): { next?: string } => (search.next ? { next: safeNext(search.next) } : {}),
  component: LoginPage,
});

const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: SetupPage });

/** Everything a person must be signed in for. */
export const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ location }) => ({ me: await requireUser(location.href) }),
  component: Shell,
});

export const admin = createRoute({
  getParentRoute: () => signedIn,
  path: '/admin',
  beforeLoad: ({ context }) => {
    // A page that is not for them does not exist for them.
    if (context.me.role !== 'admin') throw redirect({ to: '/' });
  },
});

const welcome = createRoute({
  getParentRoute: () => admin,
  path: '/welcome',
  component: lazyRouteComponent(() => import('@/pages/admin/WelcomePage'), 'WelcomePage'),
});

const routes = root.addChildren([
  login,
  setup,
  ...publicRoutes(root),
  signedIn.addChildren([
    ...driveRoutes(signedIn),
    ...sharingRoutes(signedIn),
    ...accountRoutes(signedIn),
    admin.addChildren([welcome, ...adminRoutes(admin)]),
  ]),
]);

export const router = createRouter({
  routeTree: routes,
  defaultPreload: 'intent',
  defaultErrorComponent: RouteProblem,
  defaultNotFoundComponent: NotFoundPage,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
