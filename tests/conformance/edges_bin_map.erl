%% Binaries, iolists and maps at their edges: positions, lengths, options and the errors they raise.
-module(edges_bin_map).
-export([main/0]).
p(F) -> try F() catch C:R -> {caught,C,R} end.
d(F) -> io:format("~w~n", [p(F)]).
main() ->
 Big = binary:copy(<<1,2,3,4,5,6,7,8,9,10>>, 20),
 <<_:3,U:40/bitstring,_/bitstring>> = Big,
 d(fun()->size(<<1:12>>) end),d(fun()->split_binary(<<1,2,3:4>>,1) end),d(fun()->split_binary(<<1,2,3:4>>,3) end),d(fun()->split_binary(<<1,2,3:4>>,2) end),d(fun()->binary_to_list(<<1,2,3:4>>) end),d(fun()->bitstring_to_list(<<1,2,3:4>>) end),
d(fun()->binary_to_list(<<1,2,3>>,2,1) end),d(fun()->binary_to_list(<<1,2,3>>,3,3) end),d(fun()->binary_to_list(<<1,2,3:4>>,1,2) end),d(fun()->binary_to_list(<<>>,1,1) end),
d(fun()->list_to_bitstring([<<1:1>>,<<2:2>>|<<3:3>>]) end),d(fun()->list_to_bitstring([1,<<1:1>>,200,"abc",[[]],<<2:2>>|<<3:3>>]) end),d(fun()->list_to_bitstring(<<3:3>>) end),d(fun()->iolist_to_binary(<<3:3>>) end),d(fun()->iolist_size([<<3:3>>]) end),
d(fun()->erlang:iolist_to_iovec([]) end),d(fun()->erlang:iolist_to_iovec([1,<<2>>,[[3]]|<<4>>]) end),d(fun()->erlang:iolist_to_iovec(<<>>) end),d(fun()->[byte_size(X)||X<-erlang:iolist_to_iovec([binary:copy(<<1>>,300),$a,<<0:800>>,$b,binary:copy(<<1>>,256),binary:copy(<<1>>,257)])] end),d(fun()->erlang:iolist_to_iovec(<<1:1>>) end),d(fun()->erlang:iolist_to_iovec(a) end),
d(fun()->binary:compile_pattern([]) end),d(fun()->binary:match(<<"abc">>,[]) end),d(fun()->binary:split(<<>>,<<"a">>,[trim]) end),d(fun()->binary:split(<<>>,<<"a">>,[global]) end),d(fun()->binary:split(<<"aa">>,<<"a">>,[global,trim]) end),
d(fun()->binary:copy(<<1,2>>,1 bsl 62) end),d(fun()->binary:copy(<<1:1>>,1) end),d(fun()->binary:copy(<<1,2>>,3) end),d(fun()->binary:copy(<<>>,1 bsl 70) end),d(fun()->binary:copy(<<1>>,-1) end),d(fun()->binary_part(<<1,2,3>>,{3,-2}) end),d(fun()->binary_part(<<1,2,3:4>>,0,1) end),
d(fun()->binary:match(<<"abc">>,<<"c">>,[{scope,{3,-2}}]) end),d(fun()->binary:match(<<"abc">>,<<"c">>,[{scope,{4,0}}]) end),d(fun()->binary:match(<<"abc">>,<<"c">>,[{scope,{0,1}}|x]) end),d(fun()->binary:match(<<"abcde">>,[<<"bcde">>, <<"cd">>]) end),d(fun()->binary:matches(<<"abcde">>,[<<"bcde">>, <<"bc">>,<<"de">>]) end),
d(fun()->list_to_binary(<<1>>) end),d(fun()->list_to_binary([1|2]) end),d(fun()->list_to_binary([256]) end),d(fun()->split_binary(<<1>>,-1) end),d(fun()->size([]) end),d(fun()->binary:decode_unsigned(<<>>) end),d(fun()->binary:encode_unsigned(-1) end),
d(fun()->binary:decode_unsigned(<<0,0,1,2,3,4,5,6,7,8,9>>) end),d(fun()->binary:decode_unsigned(<<1,2,3,4,5,6,7,8,9,0>>,little) end),d(fun()->binary:encode_unsigned(1 bsl 80) end),d(fun()->binary:encode_unsigned(12345678,little) end),d(fun()->binary:encode_unsigned(0) end),
d(fun()->binary:longest_common_prefix([<<"erlang">>,<<"ergonomy">>]) end),d(fun()->binary:longest_common_suffix([<<"erlang">>,<<"fang">>,<<"g">>]) end),d(fun()->binary:longest_common_prefix([]) end),d(fun()->binary:longest_common_prefix([<<"a">>,<<1:1>>]) end),
d(fun()->binary:split(<<"a,b;c,,d">>,[<<",">>,<<";">>],[global]) end),d(fun()->binary:split(<<"a,b;c,,d">>,[<<",">>,<<";">>]) end),d(fun()->binary:split(<<",,a,b,,">>,<<",">>,[global,trim_all]) end),d(fun()->binary:split(<<",a">>,<<",">>,[trim_all]) end),d(fun()->binary:split(<<",">>,<<",">>,[trim]) end),
d(fun()->binary:replace(<<"abcbd">>,<<"b">>,<<"[]">>,[global,{insert_replaced,1}]) end),
d(fun()->binary:at(<<1,2,3>>,2) end),d(fun()->binary:at(<<1,2,3>>,3) end),d(fun()->binary:first(<<>>) end),d(fun()->binary:last(<<1,2>>) end),
d(fun()->U end),d(fun()->binary:match(U,binary:at(U,1)) end),d(fun()->binary:match(U,binary:part(U,1,2)) end),d(fun()->binary:split(U,binary:part(U,1,2)) end),d(fun()->binary_to_list(U) end),d(fun()->binary:part(Big,7,100) end),
d(fun()->binary:encode_hex(<<1,255,16>>) end),d(fun()->binary:decode_hex(<<"01FF">>) end),
d(fun()->iolist_size(lists:foldl(fun(_,A)->[A|A] end,"x",lists:seq(1,16))) end),
d(fun()->byte_size(iolist_to_binary(lists:foldl(fun(_,A)->[A,A] end,"xyz",lists:seq(1,20)))) end),
d(fun()->iolist_size(lists:foldl(fun(_,A)->[A,A] end,"xyz",lists:seq(1,20))) end),
d(fun()->erlang:phash2(iolist_to_binary(lists:foldl(fun(_,A)->[A,$b,<<"qq">>,A] end,"xyz",lists:seq(1,16)))) end),
d(fun()->{X,_}={maps:from_list([{I,I*I}||I<-lists:seq(1,50)]),0}, {maps:keys(X),maps:values(X),maps:to_list(X),maps:to_list(maps:iterator(X)),maps:to_list(maps:iterator(X,ordered)), maps:fold(fun(K,V,A)->K+V+A end,0,X)} end),
d(fun()->maps:get(a,#{}) end),d(fun()->maps:get(a,b) end),d(fun()->maps:put(a,b,c) end),d(fun()->maps:update(a,b,#{}) end),d(fun()->maps:update(a,b,[]) end),d(fun()->maps:find(a,#{a=>1}) end),d(fun()->maps:take(a,#{a=>1}) end),d(fun()->maps:take(b,#{a=>1}) end),d(fun()->maps:remove(b,7) end),d(fun()->maps:merge(#{},7) end),d(fun()->maps:merge(7,8) end),d(fun()->maps:from_list([{a}]) end),d(fun()->maps:from_list([{a,1}|b]) end),d(fun()->maps:keys(a) end),d(fun()->maps:is_key(a,b) end),d(fun()->map_size(a) end),d(fun()->maps:to_list(a) end),d(fun()->maps:next(foo) end),d(fun()->maps:groups_from_list(fun(X)->X rem 2 end,[1,2,3]) end),
d(fun()->X=maps:from_list([{I,I*I}||I<-lists:seq(1,5000)]), {maps:size(maps:filter(fun(_,V)->V rem 2==0 end,X)),erlang:phash2(maps:to_list(X)),erlang:phash2(maps:to_list(maps:map(fun(K,_)->K end,X))), erts_debug:flat_size(X), lists:sum(maps:values(maps:without(lists:seq(1,4980),X)))} end),
 ok.
