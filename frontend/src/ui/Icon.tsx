/** The few line icons the product uses, drawn on a 24-unit grid. They decorate; the word beside them speaks. */
const paths = {
  alert:
    'M12 9v4 M12 16.5v.5 M10.3 4.2 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0Z',
  arrowLeft: 'M19 12H5 M11 18l-6-6 6-6',
  bell: 'M6 9a6 6 0 1 1 12 0c0 6 2.5 7.5 2.5 7.5h-17S6 15 6 9 M10 20a2.2 2.2 0 0 0 4 0',
  calendar:
    'M4.5 5.5h15a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1v-13a1 1 0 0 1 1-1Z M3.5 10.5h17 M8 3v5 M16 3v5',
  check: 'M4.5 12.5l5 5 10-11',
  chevronLeft: 'M14.5 6l-6 6 6 6',
  chevronRight: 'M9.5 6l6 6-6 6',
  circle: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z M12 7.5V12l3 2',
  close: 'M6 6l12 12 M18 6 6 18',
  done: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z M8 12.3l2.8 2.7L16 9.5',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z M12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6Z',
  flask: 'M9.5 3.5v6L4.6 18a1.7 1.7 0 0 0 1.5 2.5h11.8a1.7 1.7 0 0 0 1.5-2.5L14.5 9.5v-6 M8 3.5h8 M7.5 15h9',
  live: 'M3 12.5h4l3-7.5 4.5 14 3-6.5H21',
  mail: 'M4 5.5h16a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1Z M3.5 7l8.5 6 8.5-6',
  minus: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z M8 12h8',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z',
  pen: 'M4 20l1-4L16 5a2.1 2.1 0 0 1 3 3L8 19l-4 1Z',
  pill: 'M10.5 20.5a4.9 4.9 0 0 1-7-7l10-10a4.9 4.9 0 0 1 7 7Z M8.5 8.5l7 7',
  plus: 'M12 5v14 M5 12h14',
  note: 'M6 3.5h8l5 5v11a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1Z M14 3.5V9h5 M8.5 13h7 M8.5 16.5h5',
  offline:
    'M3 3l18 18 M8.5 16a5 5 0 0 1 6.6-.4 M5 12.5a10 10 0 0 1 4.6-2.6 M14.5 9.9A10 10 0 0 1 19 12.5 M2.5 8.8A15 15 0 0 1 6.6 6.3 M11 5.1a15 15 0 0 1 10.5 3.7 M12 19.5v.1',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z M20 20l-4-4',
  settings:
    'M4 7.5h9 M17 7.5h3 M4 16.5h3 M11 16.5h9 M15 5.3a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z M9 14.3a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z',
  shield: 'M12 21s7.5-3 7.5-9V5.8L12 3 4.5 5.8V12c0 6 7.5 9 7.5 9Z M8.7 12l2.4 2.4 4.2-4.6',
  signOut: 'M14 4.5H6a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h8 M10 12h10 M16.5 8l4 4-4 4',
  sync: 'M20 5v5h-5 M4 19v-5h5 M5.2 9.5A7.5 7.5 0 0 1 18.5 8L20 10 M4 14l1.5 2a7.5 7.5 0 0 0 13.3-1.5',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z M4.5 20.5c.6-3.7 3.6-5.5 7.5-5.5s6.900 1.800 7.500 5.500',
  users:
    'M9 12a3.700 3.700 0 1 0 0-7.400A3.700 3.700 0 0 0 9 12Z M2.500 20c.5-3.300 3-5 6.500-5s6 1.700 6.500 5 M16 4.800a3.700 3.700 0 0 1 0 7 M18 15.300c2 .7 3.200 2.300 3.500 4.700',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      focusable="false"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      style={{ flex: 'none' }}
    >
      <path d={paths[name]} />
    </svg>
  )
}
