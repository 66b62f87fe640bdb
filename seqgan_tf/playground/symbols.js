// A text as buttons, one for each symbol, with the likeliest alternatives of the one that is looked at.
// All texts are shown by Vue's interpolation, which never reads them as markup.
export default {
  template: `
    <div class="sg-symbols" @keydown.esc="close" @mouseleave="leave" @focusout="blur">
      <div role="toolbar" class="sg-line" :class="{'sg-spaced': !verse && symbols.some((symbol) => symbol.gap)}" :aria-label="label" @keydown="move">
        <template v-for="(symbol, i) in symbols" :key="i">
          <br v-if="symbol.gap && verse">
          <button
            ref="buttons" type="button" class="sg-symbol"
            :class="{'sg-end': symbol.ends}"
            :style="{'--tint': symbol.tint}"
            :tabindex="i === current ? 0 : -1"
            :aria-expanded="i === open ? 'true' : 'false'"
            :aria-label="name(symbol) + ', ' + symbol.likelihood"
            @mouseenter="hover(i)" @focus="look(i)" @click="pin(i)"
          >{{ symbol.text }}</button>
        </template>
      </div>
      <div
        v-if="open !== null" ref="panel" class="sg-alternatives" role="group"
        :aria-label="'In place of ' + name(symbols[open])" :style="{left: left + 'px', top: top + 'px'}"
      >
        <div class="sg-head">{{ name(symbols[open]) }}: {{ symbols[open].likelihood }}</div>
        <button
          v-for="(other, k) in symbols[open].alternatives" :key="k" type="button" class="sg-other"
          :disabled="other.ends" :aria-label="other.ends ? 'end of text, ' + other.likelihood
            : 'continue with ' + other.text + ', ' + other.likelihood"
          @click="$emit('continue', {number: open, alternative: k})"
        >
          <span class="sg-bar" :style="{width: other.share + '%'}"></span>
          <span class="sg-name">{{ other.text }}</span><span class="sg-share">{{ other.likelihood }}</span>
        </button>
        <button
          v-if="!symbols[open].ends" type="button" class="sg-continue"
          @click="$emit('continue', {number: open, alternative: null})"
        >Continue from here</button>
      </div>
    </div>
  `,
  props: { symbols: Array, label: String, verse: Boolean },
  data() {
    return { open: null, pinned: false, current: 0, left: 0, top: 0 };
  },
  methods: {
    name(symbol) {
      return symbol.ends ? "end of text" : symbol.text;
    },
    look(i) {
      this.current = i;
      this.open = i;
      const button = this.$refs.buttons[i];
      this.top = button.offsetTop + button.offsetHeight + 2;
      this.$nextTick(() => {
        const room = this.$el.clientWidth - this.$refs.panel.offsetWidth;
        this.left = Math.max(0, Math.min(button.offsetLeft, room));
      });
    },
    hover(i) {
      if (!this.pinned && !this.$refs.buttons.includes(document.activeElement)) this.look(i);
    },
    pin(i) {
      this.pinned = true;
      this.look(i);
    },
    close() {
      this.open = null;
      this.pinned = false;
    },
    leave() {
      if (!this.pinned && !this.$el.contains(document.activeElement)) this.close();
    },
    blur(event) {
      if (!this.$el.contains(event.relatedTarget)) this.close();
    },
    move(event) {
      const last = this.symbols.length - 1;
      const to = { ArrowRight: this.current + 1, ArrowLeft: this.current - 1, Home: 0, End: last }[event.key];
      if (to === undefined || to < 0 || to > last) return;
      event.preventDefault();
      this.current = to;
      this.$refs.buttons[to].focus();
    },
  },
};
