%% SPDX-License-Identifier: Apache-2.0
-module(test_server).
-moduledoc "What suites call of common_test's `test_server`, over `suite_runner`. Other nodes are OS processes: cases that need one are skipped.".

-export([lookup_config/2, is_cover/0, is_native/1, is_valgrind/0, is_asan/0, do_times/2, do_times/4, temp_name/1, timetrap/1,
         timetrap_cancel/1, timetrap_scale_factor/0, seconds/1, minutes/1, hours/1, sleep/1, fail/0, fail/1, format/1, format/2,
         capture_start/0, capture_stop/0, capture_get/0, messages_get/0, peer_name/2, start_peer/3, start_peer/5, start_node/3,
         stop_node/1, os_type/0, app_test/1, is_release_available/1]).

lookup_config(Key, Config) ->
    case lists:keyfind(Key, 1, Config) of
        {Key, Value} -> Value;
        false -> undefined
    end.

is_cover() -> false.
is_native(_) -> false.
is_valgrind() -> false.
is_asan() -> false.
is_release_available(_) -> false.
os_type() -> os:type().
app_test(_) -> throw({skip, "the application test reads the build tree"}).

do_times(N, M, F, A) -> do_times(N, fun() -> apply(M, F, A) end).

do_times(0, _) -> ok;
do_times(N, Fun) -> Fun(), do_times(N - 1, Fun).

temp_name(Stem) -> Stem ++ integer_to_list(erlang:unique_integer([positive])).

timetrap(Time) -> ct:timetrap(Time).
timetrap_cancel(_) -> ok.
timetrap_scale_factor() -> 1.
seconds(N) -> N * 1000.
minutes(N) -> N * 60000.
hours(N) -> N * 3600000.
sleep(Time) -> ct:sleep(Time).
fail() -> ct:fail(failed).
fail(Reason) -> ct:fail(Reason).
format(_) -> ok.
format(_, _) -> ok.
capture_start() -> ct:capture_start().
capture_stop() -> ct:capture_stop().
capture_get() -> ct:capture_get().

messages_get() ->
    receive Message -> [Message | messages_get()] after 0 -> [] end.

peer_name(Module, Case) -> lists:concat([Module, "-", Case]).
start_peer(_, _, _) -> throw({skip, "needs another node"}).
start_peer(_, _, _, _, _) -> throw({skip, "needs another node"}).
start_node(_, _, _) -> throw({skip, "needs another node"}).
stop_node(_) -> ok.
