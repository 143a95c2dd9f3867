// While no source answers, nobody knows what is configured and what goes on now, and the server says so: a mirror that
// no proxy has. The page shows what was known last instead. Pure.

/** Whether nothing that was asked answers. */
export const isOut = (view) => {
  const endpoints = view?.source.endpoints ?? [];
  return endpoints.length > 0 && endpoints.every((endpoint) => endpoint.up === false);
};

/** A view in which, during an outage, each mirror is as the view `before` had it: all but the window and the charts. */
export function keepLastKnown(before, view) {
  if (!isOut(view)) return view;
  const mirrors = view.mirrors.map((mirror) => {
    const last = before?.mirrors.find((each) => each.name === mirror.name);
    const { proxies, set, now, state, advice } = last ?? { proxies: {}, set: {}, now: {}, state: null, advice: [] };
    return { ...mirror, proxies, set, now, state, advice };
  });
  return { ...view, mirrors };
}
