%% SPDX-License-Identifier: Apache-2.0
-module(suite_output).
-moduledoc """
The group leader of a test case: swallows what the case writes, keeps it while capturing is on, and passes everything else of the I/O
protocol on to the group leader above it.
""".

-export([start/1, stop/1, capture/1]).

-doc "Starts a group leader below another one.".
start(Above) ->
    spawn(fun() -> loop(Above, off) end).

-doc "Ends it.".
stop(Pid) ->
    exit(Pid, kill).

-doc "Turns capturing `on` or `off`, or gives (`get`) what was captured, oldest first.".
capture(What) ->
    Ref = make_ref(),
    group_leader() ! {capture, self(), Ref, What},
    receive {Ref, Answer} -> Answer after 5000 -> [] end.

loop(Above, Kept) ->
    receive
        {io_request, From, ReplyAs, Request} ->
            case text(Request) of
                {ok, Text} ->
                    From ! {io_reply, ReplyAs, ok},
                    loop(Above, keep(Text, Kept));
                {error, Reason} ->
                    From ! {io_reply, ReplyAs, {error, Reason}},
                    loop(Above, Kept);
                other ->
                    Above ! {io_request, From, ReplyAs, Request},
                    loop(Above, Kept)
            end;
        {capture, From, Ref, on} ->
            From ! {Ref, ok},
            loop(Above, []);
        {capture, From, Ref, off} ->
            From ! {Ref, ok},
            loop(Above, case Kept of off -> off; _ -> {done, Kept} end);
        {capture, From, Ref, get} ->
            {Got, Next} = case Kept of
                              off -> {[], off};
                              {done, List} -> {lists:reverse(List), off};
                              List -> {lists:reverse(List), []}
                          end,
            From ! {Ref, Got},
            loop(Above, Next);
        _ ->
            loop(Above, Kept)
    end.

keep(Text, Kept) when is_list(Kept) -> [Text | Kept];
keep(_, Kept) -> Kept.

text({put_chars, Encoding, Chars}) -> string(Encoding, Chars);
text({put_chars, Encoding, M, F, A}) ->
    try apply(M, F, A) of
        Chars -> string(Encoding, Chars)
    catch
        _:_ -> {error, F}
    end;
text({put_chars, Chars}) -> string(latin1, Chars);
text({put_chars, M, F, A}) -> text({put_chars, latin1, M, F, A});
text({requests, Requests}) ->
    try lists:append([begin {ok, Text} = text(R), Text end || R <- Requests]) of
        Text -> {ok, Text}
    catch
        error:{badmatch, {error, Reason}} -> {error, Reason};
        error:{badmatch, other} -> other
    end;
text(_) -> other.

string(Encoding, Chars) ->
    try unicode:characters_to_list(Chars, Encoding) of
        Text when is_list(Text) -> {ok, Text};
        _ -> {error, {no_translation, Encoding, unicode}}
    catch
        _:_ -> {error, put_chars}
    end.
