// What mouse, finger and pen do on a strip: seek by click and drag, hover, pinch, wheel.

const SLOP = 6;

/**
 * Listens on `element`. `act`: seek(x), and where wanted hover(x, y) with null for away, zoom(factor, x),
 * pan(pixels). The wheel zooms with Ctrl held (a trackpad's pinch says so too), so that the page still scrolls.
 */
export function followPointers(element, act) {
  const held = new Map();
  let pinch = null;

  const place = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held.set(event.pointerId, { ...place(event), isTouch: event.pointerType === "touch", hasMoved: false });
    if (held.size === 2) pinch = spread(held);
    // A finger may have come to scroll the page; only its lifting or sideways way decides.
    if (event.pointerType === "touch") return;
    element.setPointerCapture(event.pointerId);
    act.seek(place(event).x);
  });

  element.addEventListener("pointermove", (event) => {
    const now = place(event);
    const finger = held.get(event.pointerId);
    if (!finger) {
      act.hover?.(now.x, now.y);
      return;
    }
    if (Math.abs(now.x - finger.x) > SLOP) finger.hasMoved = true;
    if (held.size === 2) {
      Object.assign(finger, now);
      const next = spread(held);
      if (pinch && pinch.wide > 10) act.zoom?.(next.wide / pinch.wide, next.middle);
      if (pinch) act.pan?.(pinch.middle - next.middle);
      pinch = next;
      return;
    }
    if (!finger.isTouch || finger.hasMoved) {
      act.seek(now.x);
      act.hover?.(now.x, now.y);
    }
  });

  const lift = (event) => {
    const finger = held.get(event.pointerId);
    held.delete(event.pointerId);
    if (finger?.isTouch && !finger.hasMoved && !pinch && event.type === "pointerup") act.seek(place(event).x);
    if (!held.size) pinch = null;
    if (event.pointerType === "touch") act.hover?.(null);
  };
  element.addEventListener("pointerup", lift);
  element.addEventListener("pointercancel", lift);
  element.addEventListener("pointerleave", () => held.size || act.hover?.(null));
  element.addEventListener(
    "wheel",
    (event) => {
      if (!act.zoom) return;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        act.zoom(Math.exp(-event.deltaY / 200), place(event).x);
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        act.pan(event.deltaX || event.deltaY);
      }
    },
    { passive: false },
  );
}

function spread(held) {
  const [one, other] = [...held.values()];
  return { wide: Math.abs(one.x - other.x), middle: (one.x + other.x) / 2 };
}
