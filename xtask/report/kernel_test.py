"""Tests the notebooks' kernel as a notebook uses it; measures how long the first cells take."""

import os
import time
from queue import Empty

from jupyter_client.manager import start_new_kernel

# The most that starting the kernel or one cell may take before the test gives up.
PATIENCE_S = 120


class Kernel:
    """A running kernel."""

    def __init__(self):
        # As a reader may have set it: a cell's error is a sentence nonetheless.
        env = {**os.environ, "RUST_BACKTRACE": "1"}
        self.manager, self.client = start_new_kernel(startup_timeout=PATIENCE_S, kernel_name="quakebook", env=env)

    def run(self, code):
        """What a cell prints or shows, and what it writes to stderr or raises. `self.reply` is the kernel's."""
        return self.finish(self.client.execute(code))

    def finish(self, request):
        """The same for a cell that was sent."""
        shown, complaints = [], []
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE_S)
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                (shown if content["name"] == "stdout" else complaints).append(content["text"])
            elif kind in ("execute_result", "display_data"):
                shown.append(content["data"].get("text/plain", ""))
            elif kind == "error":
                complaints.append(content["evalue"] + "\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                self.reply = self.reply_to(request)
                return "".join(shown).strip(), "".join(complaints).strip()

    def reply_to(self, request):
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"]

    def show(self, code):
        """What a cell shows; it must not complain."""
        shown, complaints = self.run(code)
        assert not complaints, f"{code}\n{complaints}"
        return shown

    def complete(self, code):
        """What may stand at the end of `code`."""
        return self.reply_to(self.client.complete(code))["matches"]

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def cells_share_one_library(kernel):
    # Each copy of the library would start a server of its own, at another port.
    ask = 'println!("{}", quakebook::data_centre::classroom_of_process().unwrap().base_url());'
    addresses = {kernel.show(ask) for _ in range(3)}
    assert len(addresses) == 1, addresses


def a_table_of_one_cell_is_used_in_the_next(kernel):
    kernel.show(
        'let text = "time,latitude,longitude,mag\\n2014-02-16,35.8,-97.4,2.5\\n";\n'
        'let table: quakebook::prelude::DataFrame = '
        'quakebook::prelude::Catalog::from_text(text, "a test").unwrap().to_frame();'
    )
    magnitude = kernel.show('println!("{:?}", table.column("magnitude").unwrap().f64().unwrap().get(0));')
    assert magnitude == "Some(2.5)", magnitude


def a_model_goes_on_training_in_the_next_cell(kernel):
    kernel.show(
        "use quakebook::prelude::tch::nn::OptimizerConfig;\n"
        "let weights: quakebook::prelude::tch::nn::VarStore = "
        "quakebook::prelude::tch::nn::VarStore::new(quakebook::prelude::tch::Device::Cpu);\n"
        "let layer: quakebook::prelude::tch::nn::Linear = "
        "quakebook::prelude::tch::nn::linear(weights.root(), 1, 1, Default::default());\n"
        "let mut adam: quakebook::prelude::tch::nn::Optimizer = "
        "quakebook::prelude::tch::nn::Adam::default().build(&weights, 0.1).unwrap();"
    )
    # The squared error of 2 x + 1.
    kernel.show(
        "fn loss(layer: &quakebook::prelude::tch::nn::Linear) -> quakebook::prelude::Tensor {\n"
        "    let x = quakebook::prelude::Tensor::from_slice(&[0.0f32, 1.0, 2.0, 3.0]).view([4, 1]);\n"
        "    let y = &x * 2.0 + 1.0;\n"
        "    (x.apply(layer) - y).square().mean(quakebook::prelude::tch::Kind::Float)\n"
        "}"
    )
    step = (
        "for _ in 0..200 { adam.backward_step(&loss(&layer)); }\n"
        'println!("{}", loss(&layer).double_value(&[]));'
    )
    first, second = (float(kernel.show(step)) for _ in range(2))
    assert second < first < 10, (first, second)


def a_cell_calls_generic_functions_of_tch(kernel):
    kernel.show("let numbers: quakebook::prelude::tch::Tensor = quakebook::prelude::tch::Tensor::from_slice(&[1.0f32, 2.0]);")
    total = kernel.show(
        "let total: f64 = (&numbers * 2.0).sum(quakebook::prelude::tch::Kind::Float).double_value(&[]);\n"
        'println!("{total}");'
    )
    assert total == "6", total


def types_are_inferred(kernel):
    kernel.show("let study = quakebook::study::Study::oklahoma();")
    kernel.show("let longitudes = [study.region.min_longitude_deg, study.region.max_longitude_deg];")
    kernel.show("let widest = longitudes.iter().copied().fold(f64::MIN, f64::max);")
    assert kernel.show("widest") == "-97.2", "a type was not inferred"


def types_of_other_crates_are_inferred(kernel):
    kernel.show("let start = study.catalog.start;")
    kernel.show("let later = start + (start - start);")
    assert kernel.show('println!("{later}");').endswith("UTC")
    kernel.show("let tensor = quakebook::prelude::Tensor::from_slice(&[1.0f32, 2.0]);")
    kernel.show("let doubled = &tensor * 2.0;")
    assert kernel.show('println!("{:?}", doubled.size());') == "[2]"
    kernel.show('let frame = quakebook::prelude::Catalog::new("a test", true, vec![]).to_frame();')
    assert kernel.show('println!("{}", frame.height());') == "0"


def completion_works(kernel):
    matches = kernel.complete("study.reg")
    assert any("region" in match for match in matches), matches


def a_panic_fails_its_cell_alone(kernel):
    kernel.show("let kept = vec![1, 2];")
    shown, complaints = kernel.run('let nothing: Option<u8> = None; nothing.expect("a panic on purpose");')
    assert kernel.reply["status"] == "error", kernel.reply
    assert complaints.startswith("The cell panicked: a panic on purpose\nVariables"), (shown, complaints)
    assert kernel.show('println!("{}", kept.len());') == "2"


def a_panic_of_another_thread_is_told_in_words(kernel):
    shown, complaints = kernel.run('std::thread::spawn(|| panic!("elsewhere on purpose")).join().is_err()')
    assert shown == "true" and kernel.reply["status"] == "ok", (shown, kernel.reply)
    assert "elsewhere on purpose" in complaints and "stack backtrace" not in complaints, complaints


def the_unit_value_shows_nothing(kernel):
    kernel.show("let number = 1;")
    for code in (
        'for n in 1..2 { println!("{n}"); }',
        'if number == 1 { println!("{number}"); }',
        'match number { 1 => println!("{number}"), _ => {} }',
        'println!("{number}"); ()',
    ):
        assert kernel.show(code) == "1", code
    # Other values are shown, by evcxr_display where they have it, or by Debug.
    assert kernel.show('Some(())') == "Some(())"
    kernel.show('struct Own; impl Own { fn evcxr_display(&self) { println!("its own form"); } }')
    assert kernel.show("Own") == "its own form"


def a_failed_question_mark_fails_its_cell_in_words(kernel):
    _, complaints = kernel.run('let lost = 1; quakebook::study::Study::from_toml("name = 3")?;')
    assert kernel.reply["status"] == "error", kernel.reply
    assert kernel.reply["evalue"].startswith("study, TOML"), kernel.reply
    assert complaints.startswith("study, TOML"), complaints
    assert kernel.show('println!("{}", kept.len());') == "2"
    _, complaints = kernel.run('println!("{lost}");')
    assert "lost" in complaints, complaints


def an_unknown_name_complains(kernel):
    _, complaints = kernel.run("not_a_name")
    assert "not_a_name" in complaints, complaints
    assert kernel.reply["status"] == "error", kernel.reply


def a_failed_cell_stops_those_that_wait(kernel):
    """As JupyterLab sends them in a run of all cells."""
    codes = ["let before = 1;", 'panic!("on purpose");', "let after = 1;", 'println!("after");']
    requests = [kernel.client.execute(code) for code in codes]
    statuses = []
    for request in requests:
        kernel.finish(request)
        statuses.append(kernel.reply["status"])
    assert statuses == ["ok", "error", "aborted", "aborted"], statuses
    # A reader's next cell runs.
    assert kernel.show('println!("{before}");') == "1"


def a_client_may_go_on_after_a_failed_cell(kernel):
    requests = [kernel.client.execute(code, stop_on_error=False) for code in ('panic!("on purpose");', "1 + 1")]
    outcomes = [(kernel.finish(request)[0], kernel.reply["status"]) for request in requests]
    assert [status for _, status in outcomes] == ["error", "ok"], outcomes
    assert outcomes[1][0] == "2", outcomes


def output_without_a_newline_ends_with_its_cell(kernel):
    flush = "std::io::Write::flush(&mut std::io::stdout()).unwrap();"
    assert kernel.show(f'print!("working... "); {flush}') == "working..."
    assert kernel.show('print!("not flushed");') == "not flushed"
    assert kernel.show('print!("{}", "x".repeat(5_000));') == "x" * 5_000
    assert kernel.show('print!("before a value: "); 1 + 1') == "before a value: \n2"
    shown, complaints = kernel.run('print!("before a panic: "); panic!("on purpose");')
    assert shown == "before a panic:" and "on purpose" in complaints, (shown, complaints)
    assert kernel.show('println!();\nprintln!("after an empty line");') == "after an empty line"


def markers_of_the_kernel_are_output_where_a_cell_prints_them(kernel):
    kernel.show("let kept = 7;")
    for name in ("EXECUTION_COMPLETE", "PANIC_NOTIFICATION", "ERROR_OCCURRED", "VARIABLE_CHANGED_TYPE:kept"):
        marker = f"EVCXR_{name}"
        assert kernel.show(f'println!("{marker}"); println!("and more");') == f"{marker}\nand more"
        assert kernel.show(f'print!("{marker}");') == marker
        assert kernel.run(f'eprintln!("{marker}"); eprint!("{marker}");') == ("", f"{marker}\n{marker}")
        assert kernel.show('println!("{kept}");') == "7"


def content_without_its_end_ends_with_its_cell(kernel):
    begin = 'println!("EVCXR_BEGIN_CONTENT text/plain\\nhalf of it");'
    assert kernel.show(begin) == "half of it"
    for failing in ('panic!("on purpose");', 'Err("on purpose")?;'):
        shown, complaints = kernel.run(begin + failing)
        assert kernel.reply["status"] == "error" and "on purpose" in complaints, (shown, complaints)
    assert kernel.show('println!("the next cell");') == "the next cell"


def output_that_is_no_text_is_shown_replaced(kernel):
    write = 'std::io::Write::write_all(&mut std::io::{}(), b"caf\\xe9 {}").unwrap();'
    for ending in ("\\n", ""):
        assert kernel.show(write.format("stdout", ending)).strip() == "caf\ufffd"
        assert kernel.show('println!("the next cell");') == "the next cell"
        assert kernel.run(write.format("stderr", ending)) == ("", "caf\ufffd")
        assert kernel.run('eprintln!("the next cell");') == ("", "the next cell")


def output_of_c_code_comes_with_its_cell(kernel):
    kernel.show('unsafe extern "C" { fn printf(text: *const std::ffi::c_char) -> i32; }')
    assert kernel.show('unsafe { printf(c"of C".as_ptr()) };') == "of C"


def stderr_comes_before_the_end_of_its_cell(kernel):
    for n in range(20):
        assert kernel.run(f'eprint!("{n}");') == ("", f"{n}")


def a_client_that_is_gone_does_not_end_the_kernel(kernel):
    """As JupyterLab asks while a kernel starts: again and again, until it has one answer."""
    for _ in range(10):
        client = kernel.manager.client()
        client.start_channels()
        for _ in range(50):
            client.control_channel.send(client.session.msg("kernel_info_request"))
        client.control_channel.get_msg(timeout=PATIENCE_S)
        client.control_channel.socket.close(linger=0)
        client.stop_channels()
        # It may still be answering.
        time.sleep(0.3)
        assert kernel.manager.is_alive(), "the kernel has ended"
    assert kernel.show('println!("{}", 1 + 1);') == "2"


def an_interrupt_between_cells_costs_nothing(kernel):
    kernel.show("let counted = 1;")
    kernel.manager.interrupt_kernel()
    # The interrupt and the next cell come on two ways.
    time.sleep(1)
    assert kernel.show('println!("{counted}");') == "1"


def an_interrupt_says_what_it_cost(kernel):
    kernel.show("let counted = 1;")
    request = kernel.client.execute("std::thread::sleep(std::time::Duration::from_secs(600));")
    waiting = kernel.client.execute("let never = 1;")
    # It must have been compiled by then.
    time.sleep(5)
    kernel.manager.interrupt_kernel()
    _, complaints = kernel.finish(request)
    assert kernel.reply["status"] == "error", kernel.reply
    assert complaints.startswith("Interrupted. All variables are lost"), complaints
    kernel.finish(waiting)
    assert kernel.reply["status"] == "aborted", kernel.reply
    _, complaints = kernel.run('println!("{counted}");')
    assert "counted" in complaints, complaints
    assert kernel.show('println!("{}", 1 + 1);') == "2"


def the_end_of_the_cells_process_says_why(kernel):
    kernel.show('unsafe extern "C" { fn raise(signal: i32) -> i32; }')
    for code, why in (
        # As the system does where memory runs out.
        ("unsafe { raise(9) };", "was killed, and nobody has interrupted it"),
        ("let too_much: Vec<u8> = Vec::with_capacity(1 << 50);", "Memory ran out: the process"),
        ("std::process::exit(3);", "The process that runs the cells has ended (exit status: 3)"),
    ):
        _, complaints = kernel.run(code)
        assert kernel.reply["status"] == "error", kernel.reply
        assert why in complaints and "All variables are lost" in complaints, complaints
        assert "Interrupted" not in complaints, complaints
        assert kernel.show('println!("{}", 1 + 1);') == "2"


TESTS = [
    cells_share_one_library,
    a_table_of_one_cell_is_used_in_the_next,
    a_model_goes_on_training_in_the_next_cell,
    a_cell_calls_generic_functions_of_tch,
    types_are_inferred,
    types_of_other_crates_are_inferred,
    completion_works,
    a_panic_fails_its_cell_alone,
    a_panic_of_another_thread_is_told_in_words,
    the_unit_value_shows_nothing,
    a_failed_question_mark_fails_its_cell_in_words,
    an_unknown_name_complains,
    a_failed_cell_stops_those_that_wait,
    a_client_may_go_on_after_a_failed_cell,
    output_without_a_newline_ends_with_its_cell,
    markers_of_the_kernel_are_output_where_a_cell_prints_them,
    content_without_its_end_ends_with_its_cell,
    output_that_is_no_text_is_shown_replaced,
    output_of_c_code_comes_with_its_cell,
    stderr_comes_before_the_end_of_its_cell,
    a_client_that_is_gone_does_not_end_the_kernel,
    an_interrupt_between_cells_costs_nothing,
    # Last: they lose all variables.
    an_interrupt_says_what_it_cost,
    the_end_of_the_cells_process_says_why,
]


# The first cells of a notebook.
CELLS = [
    "use quakebook::study::Study;",
    "let study = Study::oklahoma();",
    *[f'println!("{{}} {n}", study.name);' for n in range(5)],
]


def measure(cells):
    """A kernel that has run them. Prints the seconds until it was ready, of the first two cells, and the
    median of the others."""
    times = []
    start = time.monotonic()
    kernel = Kernel()
    times.append(time.monotonic() - start)
    for cell in cells:
        start = time.monotonic()
        kernel.show(cell)
        times.append(time.monotonic() - start)
    ready, first, second, *later = times
    print(
        f"kernel ready {ready:.1f} s, first cell {first:.1f} s, second {second:.1f} s,"
        f" later cells {sorted(later)[len(later) // 2]:.2f} s",
        flush=True,
    )
    return kernel


def main():
    kernel = measure(CELLS)

    def ok(test):
        try:
            test(kernel)
            print(f"test {test.__name__} ... ok", flush=True)
            return True
        except (AssertionError, Empty) as failure:
            print(f"test {test.__name__} ... FAILED\n{failure!r}", flush=True)
            return False

    try:
        passed = [ok(test) for test in TESTS]
    finally:
        kernel.stop()
    print(f"{passed.count(True)} passed, {passed.count(False)} failed")
    raise SystemExit(not all(passed))


if __name__ == "__main__":
    main()
