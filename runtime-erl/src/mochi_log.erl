-module(mochi_log).
-moduledoc """
The log of Mochi programs: OTP's logger, domain `[mochi]`.

`install/0` adds a handler of our own that writes one line per event to standard error: time, level, message, and the given values as `key=value`.
Without it events go where the logger's other handlers send them.
""".

-export([debug/2, info/2, notice/2, warning/2, error/2, log/3, install/0, uninstall/0]).
-export([log/2, line/1]).

-define(HANDLER, mochi_log).

-doc "For who looks for a mistake.".
-spec debug(unicode:chardata(), map()) -> ok.
debug(Message, Values) -> log(debug, Message, Values).
-doc "What happens.".
-spec info(unicode:chardata(), map()) -> ok.
info(Message, Values) -> log(info, Message, Values).
-doc "What happens seldom.".
-spec notice(unicode:chardata(), map()) -> ok.
notice(Message, Values) -> log(notice, Message, Values).
-doc "What may be wrong.".
-spec warning(unicode:chardata(), map()) -> ok.
warning(Message, Values) -> log(warning, Message, Values).
-doc "What is wrong.".
-spec error(unicode:chardata(), map()) -> ok.
error(Message, Values) -> log(error, Message, Values).

-doc "An event of a level.".
-spec log(logger:level(), unicode:chardata(), map()) -> ok.
log(Level, Message, Values) ->
    try logger:log(Level, #{mochi => Message, values => Values},
                   #{domain => [mochi], report_cb => fun(#{mochi := M, values := V}) -> {"~ts", [text(M, V)]} end})
    %% A VM without OTP's logger.
    catch error:_ -> ok
    end.

-doc "Adds the handler.".
-spec install() -> ok | {error, term()}.
install() ->
    logger:add_handler(?HANDLER, ?MODULE,
                       #{filter_default => stop, filters => [{mochi, {fun logger_filters:domain/2, {log, sub, [mochi]}}}]}).

-doc "Removes it.".
-spec uninstall() -> ok | {error, term()}.
uninstall() -> logger:remove_handler(?HANDLER).

-doc "The logger's callback.".
-spec log(logger:log_event(), logger:handler_config()) -> ok.
log(Event, _Config) -> io:put_chars(standard_error, line(Event)).

-doc "The line of an event.".
-spec line(logger:log_event()) -> unicode:chardata().
line(#{level := Level, meta := #{time := Time}} = Event) ->
    [calendar:system_time_to_rfc3339(Time, [{unit, microsecond}, {offset, "Z"}]), $\s, atom_to_list(Level), $\s,
     message(Event), $\n].

message(#{msg := {report, #{mochi := Message, values := Values}}}) -> text(Message, Values);
message(#{msg := {report, Report}}) -> one_line(io_lib:format("~tp", [Report]));
message(#{msg := {string, Text}}) -> one_line(Text);
message(#{msg := {Format, Args}}) -> one_line(io_lib:format(Format, Args)).

text(Message, Values) ->
    [one_line(Message) | [[$\s, key(K), $=, value(V)] || {K, V} <- lists:sort(maps:to_list(Values))]].

key(K) when is_atom(K) -> atom_to_binary(K);
key(K) when is_binary(K) -> K;
key(K) -> io_lib:format("~0tp", [K]).

value(V) when is_binary(V) -> mochi_fmt:quote(V);
value(V) -> one_line(io_lib:format("~0tp", [V])).

%% A message can't pretend to be two.
one_line(Text) -> string:replace(unicode:characters_to_binary(Text), <<"\n">>, <<"\\n">>, all).
