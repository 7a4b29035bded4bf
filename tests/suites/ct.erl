%% SPDX-License-Identifier: Apache-2.0
-module(ct).
-moduledoc "What suites call of common_test's `ct`, over `suite_runner`: failing, logging to nowhere, time limits, capturing output.".

-export([fail/1, fail/2, log/1, log/2, log/3, log/4, pal/1, pal/2, pal/3, print/1, print/2, comment/1, comment/2,
         sleep/1, timetrap/1, get_timetrap_info/0, get_config/1, get_config/2, get_status/0,
         capture_start/0, capture_stop/0, capture_get/0, capture_get/1, get_progname/0, require/1, notify/2]).

-doc "Ends the case as failed.".
fail(Reason) -> exit({test_case_failed, Reason}).

fail(Format, Args) -> exit({test_case_failed, lists:flatten(io_lib:format(Format, Args))}).

log(_) -> ok.
log(Format, Args) -> formatted(Format, Args).
log(_, Format, Args) -> formatted(Format, Args).
log(_, _, Format, Args) -> formatted(Format, Args).
pal(_) -> ok.
pal(Format, Args) -> formatted(Format, Args).
pal(_, Format, Args) -> formatted(Format, Args).
print(_) -> ok.
print(Format, Args) -> formatted(Format, Args).
comment(_) -> ok.
comment(Format, Args) -> formatted(Format, Args).
notify(_, _) -> ok.
require(_) -> {error, not_available}.

%% Formatting is part of what a case exercises, though nobody reads the result.
formatted(Format, Args) when is_list(Args) ->
    _ = io_lib:format(Format, Args),
    ok;
formatted(_, _) ->
    ok.

sleep({hours, N}) -> timer:sleep(N * 3600000);
sleep({minutes, N}) -> timer:sleep(N * 60000);
sleep({seconds, N}) -> timer:sleep(N * 1000);
sleep(Time) -> timer:sleep(Time).

-doc "Gives the case a new time limit, from now on.".
timetrap(Time) ->
    case get(suite_runner) of
        undefined -> ok;
        Runner -> Runner ! {timetrap, self(), Time}, ok
    end.

get_timetrap_info() -> {infinity, {false, 1}}.
get_config(_) -> undefined.
get_config(_, Default) -> Default.
get_status() -> no_tests_running.
get_progname() ->
    case init:get_argument(progname) of
        {ok, [[Name]]} -> Name;
        _ -> "no_prog_name"
    end.

capture_start() -> suite_output:capture(on), ok.
capture_stop() -> suite_output:capture(off), ok.
capture_get() -> suite_output:capture(get).
capture_get(_) -> suite_output:capture(get).
