import {
  Anchor,
  type AnchorProps,
  Button,
  type ButtonProps,
  Menu,
  type MenuItemProps,
  NavLink,
  type NavLinkProps,
} from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

type Linked<Props> = Props &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & { ref?: Ref<HTMLAnchorElement> };

/** Mantine's components as links of the router: real anchors, so they open in a new tab and are read as links. */
export const LinkButton = createLink((props: Linked<ButtonProps>) => <Button component="a" {...props} />);
export const LinkAnchor = createLink((props: Linked<AnchorProps>) => <Anchor component="a" {...props} />);
export const LinkNav = createLink((props: Linked<NavLinkProps>) => <NavLink component="a" {...props} />);
export const LinkMenuItem = createLink((props: Linked<MenuItemProps>) => <Menu.Item component="a" {...props} />);
export const RowLink = createLink((props: Linked<AnchorProps>) => <a className="row-link" {...(props as object)} />);
