import { type AnyRoute, createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';

import { readSearch } from '@/pages/drive/search/filter';

import { idParam } from './params';

const teamId = idParam('teamId');
const folderId = idParam('folderId');
const teamFolder = {
  parse: (raw: { teamId: string; folderId: string }) => ({ ...teamId.parse(raw), ...folderId.parse(raw) }),
  stringify: (params: { teamId: number; folderId: number }) => ({
    ...teamId.stringify(params),
    ...folderId.stringify(params),
  }),
};

/** The drive: folders, search and trash of the own space and of teams, and the teams themselves. */
export function driveRoutes<Parent extends AnyRoute>(parent: Parent) {
  const getParentRoute = () => parent;
  const folderPage = () => import('@/pages/drive/FolderPage');
  const trashPage = () => import('@/pages/drive/trash/TrashPage');
  const searchPage = () => import('@/pages/drive/search/SearchPage');
  return [
    createRoute({ getParentRoute, path: '/', component: lazyRouteComponent(folderPage, 'HomePage') }),
    createRoute({
      getParentRoute,
      path: '/drive',
      beforeLoad: () => {
        throw redirect({ to: '/' });
      },
    }),
    createRoute({
      getParentRoute,
      path: '/drive/folder/$folderId',
      params: folderId,
      component: lazyRouteComponent(folderPage, 'DriveFolderPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/drive/trash',
      component: lazyRouteComponent(trashPage, 'PersonalTrashPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/drive/search',
      validateSearch: readSearch,
      component: lazyRouteComponent(searchPage, 'PersonalSearchPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/teams',
      component: lazyRouteComponent(() => import('@/pages/drive/teams/TeamsPage'), 'TeamsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/teams/$teamId',
      params: teamId,
      component: lazyRouteComponent(folderPage, 'TeamHomePage'),
    }),
    createRoute({
      getParentRoute,
      path: '/teams/$teamId/folder/$folderId',
      params: teamFolder,
      component: lazyRouteComponent(folderPage, 'TeamFolderPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/teams/$teamId/trash',
      params: teamId,
      component: lazyRouteComponent(trashPage, 'TeamTrashPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/teams/$teamId/search',
      params: teamId,
      validateSearch: readSearch,
      component: lazyRouteComponent(searchPage, 'TeamSearchPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/teams/$teamId/manage',
      params: teamId,
      component: lazyRouteComponent(() => import('@/pages/drive/teams/TeamPage'), 'TeamPage'),
    }),
  ] as const;
}
